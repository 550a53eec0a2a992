//! Answers of many items.

use reqwest::StatusCode;
use serde_json::json;

use crate::meeting::Meeting;
use crate::server::{Server, answer};

const SPENT: &str = r#"{"error":"no more numbers","kind":"service","code":"spent"}"#;

#[tokio::test]
async fn events_unless_lines_are_asked_for() {
    let server = Server::start().await;
    let table = [
        ("*/*", "text/event-stream; charset=utf-8", "data: 0\n\ndata: 1\n\n"),
        ("text/event-stream", "text/event-stream; charset=utf-8", "data: 0\n\ndata: 1\n\n"),
        ("text/html, application/x-ndjson;q=0.9", "application/x-ndjson", "0\n1\n"),
    ];
    for (accept, content_type, body) in table {
        let request = server.post("/count").header("accept", accept).json(&json!({ "to": 2 }));
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], content_type);
        assert_eq!(response.text().await.unwrap(), body, "{accept}");
    }
}

#[tokio::test]
async fn an_error_in_mid_stream_is_seen_as_one() {
    let server = Server::start().await;
    let arguments = json!({ "to": 9, "fail_at": 1 });
    for (accept, expected) in [
        ("*/*", format!("data: 0\n\nevent: error\ndata: {SPENT}\n\n")),
        ("application/x-ndjson", format!("0\n{SPENT}\n")),
    ] {
        let response = server.post("/count").header("accept", accept).json(&arguments).send().await.unwrap();
        assert_eq!((response.status(), response.text().await.unwrap()), (StatusCode::OK, expected));
    }
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
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: \"first\"\n\n");
    meeting.met().await.let_go("second").await;
    assert_eq!(response.chunk().await.unwrap().unwrap(), "data: \"second\"\n\n");
    assert_eq!(response.chunk().await.unwrap(), None);
}
