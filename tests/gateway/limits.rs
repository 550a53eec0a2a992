//! Clients that send too much or too slowly.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::server::{Server, answer, any_port};

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_and_one_at_the_limit_is_not() {
    let server = Server::with(any_port().max_body(1000)).await;
    let body = |length: usize| format!("{{\"text\":\"{}\"}}", "a".repeat(length - 11));
    assert_eq!(body(1000).len(), 1000);
    let (status, _) = answer(server.post("/echo").body(body(1000))).await;
    assert_eq!(status, StatusCode::OK);
    let (status, problem) = answer(server.post("/echo").body(body(1001))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(problem["error"].as_str().unwrap().contains("larger than 1000 bytes"), "{problem}");
}

#[tokio::test]
async fn a_body_of_unknown_length_is_cut_at_the_limit() {
    let server = Server::with(any_port().max_body(1000)).await;
    let chunk = format!("258\r\n{}\r\n", "a".repeat(600));
    let request = format!("POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n{chunk}{chunk}");
    let answer = server.raw(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_body_in_many_pieces_is_put_together() {
    let server = Server::start().await;
    let text = "ab".repeat(3 << 20);
    assert_eq!(server.call("/echo", &json!({ "text": text })).await, (StatusCode::OK, json!(text)));
}

#[tokio::test]
async fn a_head_that_does_not_come_is_408() {
    let server = Server::with(any_port().head_timeout(Duration::from_millis(50))).await;
    let answer = server.raw(b"POST /echo HTTP/1.1\r\nhost: te").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_408() {
    let server = Server::with(any_port().body_timeout(Duration::from_millis(50))).await;
    for sent in ["", "{\"text\""] {
        let request = format!("POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 20\r\n\r\n{sent}");
        let answer = server.raw(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("nothing of the body has arrived"), "{answer}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_400() {
    let server = Server::start().await;
    let answer = server.raw(b"hello there\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}
