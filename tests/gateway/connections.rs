//! Clients that do not keep to HTTP, or keep to it in ways that cost. Each costs its own connection at most.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::server::{Server, any_port};

const ECHO: &str = "POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 12\r\n\r\n{\"text\":\"a\"}";

/// What the server says to some bytes until it closes, and that it still answers others.
async fn told(server: &Server, bytes: &[u8]) -> String {
    let told = server.raw(bytes).await;
    assert_eq!(server.call("/echo", &json!({ "text": "still there" })).await.0, 200);
    told
}

fn status(answer: &str) -> &str {
    answer.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).unwrap_or(answer)
}

#[tokio::test]
async fn heads_that_are_none_are_refused() {
    let server = Server::start().await;
    let post = |headers: &str, body: &str| format!("POST /echo HTTP/1.1\r\nhost: test\r\n{headers}\r\n{body}");
    let many: String = (0..200).map(|number| format!("x-{number}: a\r\n")).collect();
    let table = [
        ("two headers of the length", post("content-length: 12\r\ncontent-length: 13\r\n", "{\"text\":\"a\"}"), "400"),
        ("a length with a sign", post("content-length: +12\r\n", "{\"text\":\"a\"}"), "400"),
        ("a negative length", post("content-length: -1\r\n", ""), "400"),
        ("a length beyond all numbers", post("content-length: 99999999999999999999\r\n", ""), "400"),
        ("length and chunks", post("content-length: 12\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"), "400"),
        ("two codings", post("transfer-encoding: gzip, chunked\r\n", "0\r\n\r\n"), "400"),
        (
            "two headers of the coding",
            post("transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
            "400",
        ),
        ("another coding", post("transfer-encoding: chunkedd\r\n", "0\r\n\r\n"), "400"),
        ("a space before the colon", post("content-length : 12\r\n", "{\"text\":\"a\"}"), "400"),
        ("a folded header", post("x-a: a\r\n b\r\n", ""), "400"),
        ("a header without a name", post(": a\r\n", ""), "400"),
        ("a NUL in a header", post("x-a: a\0b\r\n", ""), "400"),
        ("no host", "POST /echo HTTP/1.1\r\ncontent-length: 0\r\n\r\n".into(), "400"),
        ("two hosts", post("host: other\r\n", ""), "400"),
        ("another version", "POST /echo HTTP/3.0\r\nhost: test\r\n\r\n".into(), "400"),
        ("the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), "400"),
        ("the beginning of TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}".into(), "400"),
        ("too many headers", post(&many, ""), "431"),
        ("a path too long", format!("POST /{} HTTP/1.1\r\nhost: test\r\n\r\n", "a".repeat(70_000)), "400"),
    ];
    for (what, bytes, expected) in table {
        let told = told(&server, bytes.as_bytes()).await;
        assert_eq!(status(&told), expected, "{what}: {told}");
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        let problem: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{what}: {error}: {told}"));
        assert!(problem["error"].is_string() && problem["kind"].is_string(), "{what}: {problem}");
        assert!(head.contains("connection: close") && head.contains("date: "), "{what}: {head}");
    }
}

/// The reason goes only into answers of the HTTP library's own, whatever a client has a service say.
#[tokio::test]
async fn what_a_service_says_is_sent_as_it_is() {
    let server = Server::start().await;
    let forged = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let body = json!({ "text": forged }).to_string();
    let call = format!("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    // The next head has begun when the answer is written.
    connection.write_all(format!("{call}POST /echo HTTP/1.1\r\n").as_bytes()).await.unwrap();
    let mut told = Vec::new();
    while !told.ends_with(forged.as_bytes()) {
        assert!(connection.read_buf(&mut told).await.unwrap() > 0, "{}", String::from_utf8_lossy(&told));
    }
    let told = String::from_utf8(told).unwrap();
    assert!(status(&told) == "200" && told.contains(&format!("content-length: {}\r\n", forged.len())), "{told}");
    connection.write_all(b"host: test\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
    let mut rest = String::new();
    connection.read_to_string(&mut rest).await.unwrap();
    assert!(status(&rest) == "400" && rest.contains("missing field"), "{rest}");
}

/// They are not read to their end: the connection is closed while the client still sends, which may lose it the answer.
#[tokio::test]
async fn heads_that_are_too_long_are_cut() {
    let server = Server::start().await;
    for begin in ["POST /echo HTTP/1.1\r\nhost: test\r\nx-a: ", "POST /"] {
        let mut connection = TcpStream::connect(server.address()).await.unwrap();
        let mut sent = 0;
        let mut written = connection.write_all(begin.as_bytes()).await;
        while written.is_ok() {
            sent += 1 << 16;
            assert!(sent < 64 << 20, "the server reads on and on");
            written = connection.write_all(&[b'a'; 1 << 16]).await;
        }
        let mut told = Vec::new();
        let _ = connection.read_to_end(&mut told).await;
        let told = String::from_utf8(told).unwrap();
        assert!(told.is_empty() || status(&told) == "431", "{told}");
        assert_eq!(server.call("/echo", &json!({ "text": "still there" })).await.0, 200);
    }
}

#[tokio::test]
async fn bodies_that_are_none_are_refused() {
    let server = Server::start().await;
    let chunked = |body: &str| format!("POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n{body}");
    for body in ["zz\r\n{}\r\n0\r\n\r\n", "-1\r\n\r\n", "ffffffffffffffffff\r\n", "\r\n", "2\r\n{}x\r\n0\r\n\r\n"] {
        let told = told(&server, chunked(body).as_bytes()).await;
        assert_eq!(status(&told), "400", "{body:?}: {told}");
    }
    let whole = chunked("5\r\n{\"tex\r\n7;note=1\r\nt\":\"a\"}\r\n0\r\nx-trailer: a\r\n\r\n")
        .replace("host", "connection: close\r\nhost");
    let told = told(&server, whole.as_bytes()).await;
    assert!(status(&told) == "200" && told.ends_with("\r\n\r\na"), "{told}");
}

#[tokio::test]
async fn unusual_requests_are_answered_as_they_should() {
    let server = Server::start().await;
    let close = |line: &str| {
        format!("{line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 12\r\n\r\n{{\"text\":\"a\"}}")
    };
    let bare = |line: &str| format!("{line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    let table = [
        ("a URI with its host", close("POST http://other.example/echo"), "200"),
        ("a path with a query", close("POST /echo?a=1"), "200"),
        ("an unknown method", bare("BREW /echo"), "405"),
        ("OPTIONS of the server", bare("OPTIONS *"), "404"),
        ("OPTIONS of a method", bare("OPTIONS /echo"), "405"),
        ("a tunnel", bare("CONNECT other.example:443"), "404"),
        (
            "an upgrade",
            "GET /livez HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n".into(),
            "200",
        ),
        (
            "an upgrade to HTTP/2",
            "GET /livez HTTP/1.1\r\nhost: test\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n".into(),
            "200",
        ),
        ("HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n".into(), "200"),
        ("HTTP/1.0 with a body", "POST /echo HTTP/1.0\r\ncontent-length: 12\r\n\r\n{\"text\":\"a\"}".into(), "200"),
    ];
    for (what, bytes, expected) in table {
        let told = told(&server, bytes.as_bytes()).await;
        assert_eq!(status(&told), expected, "{what}: {told}");
    }
}

#[tokio::test]
async fn who_asks_whether_to_go_on_is_told() {
    let server = Server::start().await;
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    let head =
        "POST /echo HTTP/1.1\r\nhost: test\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 12\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut told = [0; 25];
    connection.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(b"{\"text\":\"a\"}").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert_eq!(status(&answer), "200");
}

#[tokio::test]
async fn requests_in_a_row_are_answered_in_their_order() {
    const REQUESTS: usize = 100;
    let server = Server::start().await;
    let mut bytes = String::new();
    for number in 0..REQUESTS {
        let body = json!({ "text": format!("number {number}") }).to_string();
        let close = if number + 1 == REQUESTS { "connection: close\r\n" } else { "" };
        bytes += &format!("POST /echo HTTP/1.1\r\nhost: test\r\n{close}content-length: {}\r\n\r\n{body}", body.len());
    }
    let told = told(&server, bytes.as_bytes()).await;
    let bodies = told.split("number ").skip(1).map(|rest| rest.split("HTTP/1.1").next().unwrap());
    let numbers: Vec<usize> = bodies.map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers, (0..REQUESTS).collect::<Vec<_>>());
}

/// The HTTP library watches over the first head alone.
#[tokio::test]
async fn a_later_head_that_does_not_come_is_408_too() {
    let server = Server::with(any_port().head_timeout(Duration::from_millis(50))).await;
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    connection.write_all(ECHO.as_bytes()).await.unwrap();
    let mut first = vec![0; 400];
    assert!(connection.read(&mut first).await.unwrap() > 0);
    connection.write_all(b"POST /ec").await.unwrap();
    let mut rest = String::new();
    connection.read_to_string(&mut rest).await.unwrap();
    assert!(status(&rest) == "408" && rest.contains("has not arrived within 50ms"), "{rest}");
}

/// What has been read belongs to a request: a client may be silent after it for as long as connections are kept.
#[tokio::test]
async fn silence_after_an_answer_is_no_late_head() {
    let server = Server::with(any_port().head_timeout(Duration::from_millis(30))).await;
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    let (head, body) = ECHO.split_at(ECHO.len() - 6);
    for pause in [Duration::from_millis(100), Duration::ZERO] {
        connection.write_all(head.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        connection.write_all(body.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1000];
        let read = connection.read(&mut answer).await.unwrap();
        assert_eq!(status(std::str::from_utf8(&answer[..read]).unwrap()), "200");
        tokio::time::sleep(pause).await;
    }
}

#[tokio::test]
async fn who_does_not_read_an_answer_loses_the_connection() {
    let server = Server::with(any_port().write_timeout(Duration::from_millis(100))).await;
    let body = json!({ "text": "a".repeat(20 << 20) }).to_string();
    let head = format!("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(body.as_bytes()).await.unwrap();
    closed(&server, &mut connection).await;
}

#[tokio::test]
async fn who_does_not_read_a_stream_loses_the_connection() {
    let server = Server::with(any_port().write_timeout(Duration::from_millis(100))).await;
    let body = json!({ "to": 100_000_000 }).to_string();
    let request = format!("POST /count HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let group =
        server.node.runtime().groups().into_iter().find(|running| running.group().service() == "Stage").unwrap();
    while group.group().stats().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    closed(&server, &mut connection).await;
    while group.group().stats().in_flight > 0 {
        tokio::task::yield_now().await;
    }
}

/// Waits until the server has closed a connection whose answer was not read: what is read then ends too early.
async fn closed(server: &Server, connection: &mut TcpStream) {
    while connection.write_all(b"x").await.is_ok() {
        assert_eq!(server.call("/echo", &json!({ "text": "still there" })).await.0, 200);
    }
}

#[tokio::test]
async fn idle_connections_cost_others_nothing() {
    const IDLE: usize = 2_000;
    let server = Server::with(any_port().max_connections(IDLE + 100)).await;
    let mut connecting = JoinSet::new();
    for _ in 0..IDLE {
        connecting.spawn(TcpStream::connect(server.address()));
    }
    let idle = connecting.join_all().await;
    assert_eq!(idle.into_iter().filter(Result::is_ok).count(), IDLE);
    assert_eq!(server.call("/echo", &json!({ "text": "a" })).await, (reqwest::StatusCode::OK, json!("a")));
}

/// More of them wait until one ends.
#[tokio::test]
async fn there_are_no_more_connections_than_are_allowed() {
    let server = Server::with(any_port().max_connections(2)).await;
    let connect = async || {
        let mut connection = TcpStream::connect(server.address()).await.unwrap();
        connection.write_all(ECHO.as_bytes()).await.unwrap();
        connection
    };
    let (mut first, mut second) = (connect().await, connect().await);
    let mut answer = vec![0; 1000];
    assert!(first.read(&mut answer).await.unwrap() > 0 && second.read(&mut answer).await.unwrap() > 0);
    let mut third = connect().await;
    let early = tokio::time::timeout(Duration::from_millis(50), third.read(&mut answer)).await;
    assert!(early.is_err(), "a third one has to wait: {early:?}");
    drop((first, second));
    assert!(third.read(&mut answer).await.unwrap() > 0);
}
