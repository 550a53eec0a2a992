//! A client that goes away takes its call with it.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::meeting::Meeting;
use crate::server::Server;

/// Sends a call and gives the connection.
async fn begin(server: &Server, path: &str, meeting: &Meeting) -> TcpStream {
    let body = meeting.arguments().to_string();
    let request = format!("POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

#[tokio::test]
async fn a_running_call() {
    let server = Server::start().await;
    let meeting = Meeting::new().await;
    let connection = begin(&server, "/meet", &meeting).await;
    let mut met = meeting.met().await;
    drop(connection);
    met.gone().await;
}

/// A client that shuts only its sending side down has gone too, for us: most that do so have died.
#[tokio::test]
async fn a_call_whose_client_sends_no_more() {
    let server = Server::start().await;
    let meeting = Meeting::new().await;
    let mut connection = begin(&server, "/meet", &meeting).await;
    let mut met = meeting.met().await;
    connection.shutdown().await.unwrap();
    met.gone().await;
}

#[tokio::test]
async fn a_waiting_call() {
    let server = Server::start().await;
    let (holding, waiting) = (Meeting::new().await, Meeting::new().await);
    let node = &server.node;
    let settings = playhouse::Settings {
        traffic: playhouse::Traffic { max_concurrency: Some(2), ..Default::default() },
        ..Default::default()
    };
    // A second group with room for one that waits takes the place of the first.
    let first = node.runtime().groups().into_iter().find(|running| running.group().service() == "Narrow").unwrap();
    node.spawn::<crate::stage::Narrow>(&settings).await.unwrap();
    assert!(node.stop(first.group().replica()).await);
    let holder = begin(&server, "/Narrow/meet", &holding).await;
    let met = holding.met().await;
    let waiter = begin(&server, "/Narrow/meet", &waiting).await;
    let group = node.runtime().groups().into_iter().find(|running| running.group().service() == "Narrow").unwrap();
    until(|| group.group().stats().depth == 1).await;
    drop(waiter);
    until(|| group.group().stats().cancelled == 1).await;
    assert_eq!(group.group().stats().depth, 0);
    met.let_go("done").await;
    drop(holder);
}

#[tokio::test]
async fn a_stream() {
    let server = Server::start().await;
    let meeting = Meeting::new().await;
    let connection = begin(&server, "/count_and_meet", &meeting).await;
    let mut met = meeting.met().await;
    drop(connection);
    met.gone().await;
}

/// Lets others run until it is so; the test's own limit ends it otherwise.
async fn until(mut so: impl FnMut() -> bool) {
    while !so() {
        tokio::task::yield_now().await;
    }
}
