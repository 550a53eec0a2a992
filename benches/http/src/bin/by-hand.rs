//! The floor: actix-web with a handler as one writes it by hand.

use actix_web::{App, HttpServer, web};
use http_floor::Row;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Echo {
    row: Row,
}

async fn echo(body: web::Json<Echo>) -> web::Json<Row> {
    web::Json(body.into_inner().row)
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(3001);
    let threads = std::env::args().nth(2).and_then(|threads| threads.parse().ok()).unwrap_or(1);
    let server = HttpServer::new(|| App::new().route("/echo", web::post().to(echo)));
    server.workers(threads).bind(("127.0.0.1", port))?.run().await
}
