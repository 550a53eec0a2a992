//! Answers of many items.

use reqwest::StatusCode;
use serde_json::json;

use crate::meeting::Meeting;
use crate::server::{Server, answer};

const SPENT: &str = r#"{"error":"no more numbers","kind":"service","code":"spent"}"#;

#[tokio::test]
async fn accept_says_how_items_are_told_apart() {
    let server = Server::start().await;
    let (events, lines) = ("text/event-stream; charset=utf-8", "application/x-ndjson");
    let table = [
        ("*/*", events, "01"),
        ("text/event-stream", events, "data: 0\n\ndata: 1\n\n"),
        ("text/html, application/x-ndjson;q=0.9", lines, "0\n1\n"),
        ("application/jsonl", lines, "0\n1\n"),
    ];
    for (accept, content_type, body) in table {
        let request = server.post("/count").header("accept", accept).json(&json!({ "to": 2 }));
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], content_type);
        assert_eq!(response.text().await.unwrap(), body, "{accept}");
    }
    let (status, problem) = answer(server.post("/count").header("accept", "image/png").json(&json!({ "to": 2 }))).await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
    assert!(problem["error"].as_str().unwrap().contains("text/event-stream, application/x-ndjson or */*"), "{problem}");
}

#[tokio::test]
async fn an_error_in_mid_stream_is_seen_as_one() {
    let server = Server::start().await;
    let arguments = json!({ "to": 9, "fail_at": 1 });
    for (accept, expected) in [
        ("text/event-stream", format!("data: 0\n\nevent: error\ndata: {SPENT}\n\n")),
        ("application/x-ndjson", format!("0\n{SPENT}\n")),
    ] {
        let response = server.post("/count").header("accept", accept).json(&arguments).send().await.unwrap();
        assert_eq!((response.status(), response.text().await.unwrap()), (StatusCode::OK, expected));
    }
}

/// Without a framing there is no place for an error: the answer has no end, which no client takes for success.
#[tokio::test]
async fn an_error_in_mid_stream_without_a_framing_cuts_the_answer_short() {
    let server = Server::start().await;
    let arguments = json!({ "to": 9, "fail_at": 2 });
    let mut response = server.post("/count").json(&arguments).send().await.unwrap();
    let mut items = Vec::new();
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => items.extend_from_slice(&chunk),
            Ok(None) => panic!("the answer has an end"),
            Err(error) => break error,
        }
    };
    assert!(error.is_decode() || error.is_body(), "{error:?}");
    assert_eq!(items, b"01", "what came before the error is there");
    let body = arguments.to_string();
    let request = format!("POST /count HTTP/1.1\r\nhost: test\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let answer = server.raw(request.as_bytes()).await;
    assert!(answer.ends_with("1\r\n0\r\n1\r\n1\r\n"), "{answer:?}");
}

#[tokio::test]
async fn an_error_before_the_first_item_has_its_status() {
    let server = Server::start().await;
    let (status, problem) = answer(server.post("/count").json(&json!({ "to": 9, "fail_at": 0 }))).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::INTERNAL_SERVER_ERROR, Some("at_once")));
    let (status, problem) = answer(server.post("/count").json(&json!({ "to": -1 }))).await;
    assert_eq!((status, problem["field"].as_str()), (StatusCode::BAD_REQUEST, Some("to")));
}

#[tokio::test]
async fn items_leave_as_they_come() {
    let server = Server::start().await;
    let meeting = Meeting::new().await;
    let mut response = server.post("/count_and_meet").json(&meeting.arguments()).send().await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "first");
    meeting.met().await.let_go("second").await;
    assert_eq!(response.chunk().await.unwrap().unwrap(), "second");
    assert_eq!(response.chunk().await.unwrap(), None);
}
