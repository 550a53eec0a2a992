//! The floor: actix-web with handlers as one writes them by hand, alone or in two processes.
//!
//! `by-hand PORT` is alone; `by-hand PORT ADDRESS` calls `by-hand behind ADDRESS` over one connection.

use std::net::{TcpListener, TcpStream};

use actix_web::{App, HttpServer, web};
use http_floor::Row;
use rpc_bench::bare::{Caller, answer, tcp};
use serde::Deserialize;

/// Above the body of every case.
const BODY_MAX: usize = 16 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Echo {
    row: Row,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Classify {
    input_series: Vec<[f32; 4]>,
}

async fn echo(body: web::Json<Echo>) -> web::Json<Row> {
    web::Json(body.into_inner().row)
}

/// Gives the bytes back as they came.
async fn tensor(body: web::Bytes) -> web::Bytes {
    body
}

/// Has the rows passed through behind, then adds up what came back.
async fn classify(behind: web::Data<Caller>, body: web::Json<Classify>) -> web::Json<f32> {
    let rows = body.input_series.iter().flatten().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    let rows = behind.send(rows.into()).await;
    let values = rows.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("4 bytes")));
    web::Json(values.sum())
}

/// Has the bytes passed through behind.
async fn forward(behind: web::Data<Caller>, body: web::Bytes) -> web::Bytes {
    behind.send(body).await
}

fn behind(address: &str) -> std::io::Result<()> {
    let listener = TcpListener::bind(address)?;
    rpc_bench::run(async {
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        answer(tcp(tokio::net::TcpStream::from_std(stream)?)).await;
        Ok(())
    })
}

fn connected(address: &str) -> std::io::Result<Caller> {
    let stream = TcpStream::connect(address)?;
    stream.set_nonblocking(true)?;
    Ok(Caller::new(tcp(tokio::net::TcpStream::from_std(stream)?)))
}

async fn serve(port: u16, behind: Option<String>) -> std::io::Result<()> {
    let server = HttpServer::new(move || {
        let app = App::new()
            .app_data(web::PayloadConfig::new(BODY_MAX))
            .route("/echo", web::post().to(echo))
            .route("/tensor", web::post().to(tensor))
            .route("/classify", web::post().to(classify))
            .route("/forward", web::post().to(forward));
        match &behind {
            None => app,
            Some(address) => app.app_data(web::Data::new(connected(address).expect("a process that answers"))),
        }
    });
    server.workers(1).bind(("127.0.0.1", port))?.run().await
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("behind"), Some(address)) => behind(&address),
        (Some(port), address) => {
            let port = port.parse().expect("a port");
            actix_web::rt::System::new().block_on(serve(port, address))
        }
        _ => panic!("PORT [ADDRESS] | behind ADDRESS"),
    }
}
