//! The floor: actix-web with handlers as one writes them by hand.

use actix_web::{App, HttpServer, web};
use http_floor::Row;
use serde::Deserialize;

/// Above the body of every case.
const BODY_MAX: usize = 16 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Echo {
    row: Row,
}

async fn echo(body: web::Json<Echo>) -> web::Json<Row> {
    web::Json(body.into_inner().row)
}

/// Gives the bytes back as they came.
async fn tensor(body: web::Bytes) -> web::Bytes {
    body
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(3001);
    let server = HttpServer::new(|| {
        App::new()
            .app_data(web::PayloadConfig::new(BODY_MAX))
            .route("/echo", web::post().to(echo))
            .route("/tensor", web::post().to(tensor))
    });
    server.workers(1).bind(("127.0.0.1", port))?.run().await
}
