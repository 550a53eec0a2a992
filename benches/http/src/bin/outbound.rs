//! Calling out: Playhouse's client of a service at a URL beside a bare hyper client, against the server written by hand.
//!
//! ```text
//! cargo build --release && taskset -c 1 target/release/outbound
//! ```
//!
//! Both send the same body on connections that stay, and read the answer with the same type; they take turns within each
//! repetition, so that a slow moment of the machine hits both. The server runs on the first core, the clients on one
//! thread. The table shows medians.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use http_floor::Row;
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use playhouse::prelude::*;
use serde::Serialize;

const PORT: u16 = 3001;
const REPETITIONS: usize = 9;
/// How long each client is measured in one repetition.
const SLICE: Duration = Duration::from_millis(500);

/// The server's method, as far as it is called from here.
pub struct Echo;

#[service]
impl Echo {
    #[init]
    fn new() -> Self {
        Echo
    }

    #[api]
    async fn echo(&self, row: Row) -> Result<Row> {
        Ok(row)
    }
}

#[derive(Serialize)]
struct Arguments<'a> {
    row: &'a Row,
}

/// What is measured: a call, made again and again.
#[derive(Clone)]
enum Caller {
    Bare(Client<HttpConnector, Full<Bytes>>, String),
    Playhouse(EchoClient),
}

impl Caller {
    async fn call(&self, row: &Row) -> Row {
        match self {
            Self::Bare(client, url) => {
                let body = serde_json::to_vec(&Arguments { row }).expect("JSON");
                let request = Request::post(url).header("content-type", "application/json");
                let answer = client.request(request.body(Full::new(body.into())).expect("a request")).await;
                let body = answer.expect("an answer").into_body().collect().await.expect("a body");
                serde_json::from_slice(&body.to_bytes()).expect("a row")
            }
            Self::Playhouse(client) => client.echo(row.clone()).await.expect("a row"),
        }
    }

    /// Calls per second, with so many calls under way at a time.
    async fn rate(&self, row: &Row, at_once: usize) -> f64 {
        let began = Instant::now();
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                let (caller, row) = (self.clone(), row.clone());
                tokio::task::spawn_local(async move {
                    let mut count = 0_u32;
                    while began.elapsed() < SLICE {
                        caller.call(&row).await;
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        let mut count = 0;
        for worker in workers {
            count += worker.await.expect("no panic");
        }
        f64::from(count) / began.elapsed().as_secs_f64()
    }
}

/// The server, ended when dropped.
struct Server(Child);

impl Server {
    fn start() -> Self {
        let program = std::env::current_exe().expect("a path").with_file_name("by-hand");
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program).arg(PORT.to_string()).stdout(Stdio::null());
        let server = Self(command.spawn().expect("by-hand, built beside this, and taskset"));
        let end = Instant::now() + Duration::from_secs(10);
        while let Err(error) = TcpStream::connect(("127.0.0.1", PORT)) {
            assert!(error.kind() == ErrorKind::ConnectionRefused && Instant::now() < end, "{error}");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let _server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, compare());
}

async fn compare() {
    let url = format!("http://127.0.0.1:{PORT}");
    let row = Row {
        id: 1_234_567,
        name: "setosa".into(),
        label: "a flower of the garden".into(),
        values: vec![5.1, 3.5, 1.4, 0.2],
        checked: true,
    };
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let bare = Caller::Bare(Client::builder(TokioExecutor::new()).build(connector), format!("{url}/echo"));
    let node = Node::builder().start().await.expect("a node");
    let playhouse = Caller::Playhouse(node.connect(&url).await.expect("a client"));
    println!("| calls per second | bare hyper | playhouse | ratio | microseconds more a call |");
    println!("|---|---|---|---|---|");
    for at_once in [1, 32] {
        let (mut bares, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            bares.push(bare.rate(&row, at_once).await);
            ours.push(playhouse.rate(&row, at_once).await);
        }
        let (bare, ours) = (median(&mut bares), median(&mut ours));
        let more = 1e6 / ours - 1e6 / bare;
        println!("| {at_once} at a time | {bare:.0} | {ours:.0} | {:.2} | {more:.1} |", ours / bare);
    }
}
