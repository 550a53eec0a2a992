//! Sessions with etcd: against a real server, against nothing, and against what is no etcd.

#[path = "support/etcd_server.rs"]
mod etcd_server;

use std::{future::Future, time::Duration};

use etcd_server::EtcdServer;
use playhouse_cluster::{Endpoints, Etcd, EtcdError};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

/// Far more than any case here takes: a test that comes near it has found a hang.
const PATIENCE: Duration = Duration::from_secs(20);

fn endpoints(list: &str) -> Endpoints {
    list.parse().expect("well-formed endpoints")
}

/// A listener that does `answer` with each connection.
async fn listener<F>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    address
}

/// An address where nothing listens: the port was free a moment ago.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

#[tokio::test]
async fn a_server_tells_its_status() {
    let server = EtcdServer::start();
    let etcd = Etcd::connect(&endpoints(server.address()), PATIENCE).await.expect("a session");
    let status = etcd.status().await.expect("a status");
    assert!(status.version.starts_with("3."), "{status:?}");
    assert!(status.has_leader, "{status:?}");
    assert_ne!(status.cluster_id.to_string(), "0", "{status:?}");
}

#[tokio::test]
async fn a_dead_endpoint_is_passed_over() {
    let server = EtcdServer::start();
    let list = format!("{},{}", nobody().await, server.address());
    let etcd = Etcd::connect(&endpoints(&list), PATIENCE).await.expect("a session with the second");
    assert!(etcd.status().await.is_ok());
}

#[tokio::test]
async fn a_server_that_ends_becomes_unreachable() {
    let server = EtcdServer::start();
    let etcd = Etcd::connect(&endpoints(server.address()), PATIENCE).await.expect("a session");
    drop(server);
    let error = etcd.status().await.expect_err("nobody is there");
    assert!(matches!(error, EtcdError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn nothing_there_is_unreachable() {
    let error = Etcd::connect(&endpoints(&nobody().await), PATIENCE).await.expect_err("nobody is there");
    assert!(matches!(error, EtcdError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("check that it runs"), "{error}");
}

#[tokio::test]
async fn rubbish_is_not_etcd() {
    let address = listener(async |mut stream: TcpStream| {
        let _ = stream.write_all(b"220 mail.example ready for rubbish\r\n").await;
    })
    .await;
    let error = Etcd::connect(&endpoints(&address), PATIENCE).await.expect_err("rubbish");
    assert!(matches!(error, EtcdError::NotEtcd { .. }), "{error:?}");
}

#[tokio::test]
async fn a_web_server_is_not_etcd() {
    let address = listener(async |mut stream: TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    })
    .await;
    let error = Etcd::connect(&endpoints(&address), PATIENCE).await.expect_err("no gRPC");
    assert!(matches!(error, EtcdError::NotEtcd { .. }), "{error:?}");
}

#[tokio::test]
async fn one_that_hangs_up_is_not_etcd() {
    let address = listener(async |stream: TcpStream| drop(stream)).await;
    let error = Etcd::connect(&endpoints(&address), PATIENCE).await.expect_err("hung up");
    assert!(matches!(error, EtcdError::NotEtcd { .. }), "{error:?}");
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let address = listener(async |stream: TcpStream| {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let patience = Duration::from_millis(50);
    let error = Etcd::connect(&endpoints(&address), patience).await.expect_err("silence");
    assert!(matches!(error, EtcdError::Timeout { .. }), "{error:?}");
}

#[tokio::test]
async fn of_several_failures_each_is_told() {
    let (first, second) = (nobody().await, nobody().await);
    let list = format!("{first},{second}");
    let error = Etcd::connect(&endpoints(&list), PATIENCE).await.expect_err("nobody is there");
    assert!(matches!(&error, EtcdError::NoneAnswered { failures } if failures.len() == 2), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&first) && text.contains(&second), "{text}");
}
