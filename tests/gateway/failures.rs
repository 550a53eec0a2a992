//! What goes wrong behind the gateway, as its client sees it.

use reqwest::StatusCode;
use serde_json::json;

use crate::meeting::Meeting;
use crate::server::{Server, answer};

#[tokio::test]
async fn an_error_of_the_service_has_its_code() {
    let server = Server::start().await;
    let expected = json!({ "error": "no species 7", "kind": "service", "code": "no_such_species" });
    assert_eq!(server.call("/fail", &json!({})).await, (StatusCode::INTERNAL_SERVER_ERROR, expected));
}

#[tokio::test]
async fn a_mistake_of_a_service_towards_another_is_not_the_clients() {
    let server = Server::start().await;
    let (status, problem) = server.call("/Front/mistake", &json!({})).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(problem["error"].as_str().unwrap().starts_with("Front.mistake: Stage.rows: rows: "), "{problem}");
}

#[tokio::test]
async fn a_panic_is_that_calls_error() {
    let server = Server::start().await;
    let (status, problem) = server.call("/panic", &json!({})).await;
    assert_eq!((status, problem["kind"].as_str()), (StatusCode::INTERNAL_SERVER_ERROR, Some("panicked")));
    assert!(problem["error"].as_str().unwrap().contains("as the test wants"), "{problem}");
    assert_eq!(server.call("/nothing", &json!({})).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_service_that_always_panics_fails_and_the_process_lives() {
    let server = Server::start().await;
    let mut calls = 0;
    let problem = loop {
        let (status, problem) = server.call("/Fragile/panic", &json!({})).await;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            break problem;
        }
        assert_eq!((status, problem["kind"].as_str()), (StatusCode::INTERNAL_SERVER_ERROR, Some("panicked")));
        calls += 1;
    };
    assert_eq!(calls, 3, "the first, and two restarts");
    assert!(problem["error"].as_str().unwrap().contains("as always"), "{problem}");
    let ready = server.get("/readyz").send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.text().await.unwrap().contains("Fragile ("));
    assert_eq!(server.get("/livez").send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(server.call("/nothing", &json!({})).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_full_service_says_when_to_come_back() {
    let server = Server::start().await;
    let meeting = Meeting::new().await;
    let arguments = meeting.arguments();
    let first = server.call("/Narrow/meet", &arguments);
    let second = async {
        let met = meeting.met().await;
        let response = server.post("/Narrow/meet").json(&meeting.arguments()).send().await.unwrap();
        assert_eq!(
            (response.status(), response.headers()["retry-after"].as_bytes()),
            (StatusCode::TOO_MANY_REQUESTS, &b"1"[..])
        );
        met.let_go("done").await;
    };
    let (first, ()) = tokio::join!(first, second);
    assert_eq!(first, (StatusCode::OK, json!("done")));
}

#[tokio::test]
async fn late_calls_are_504_and_cancelled() {
    let server = Server::start().await;
    let meeting = Meeting::new().await;
    let arguments = meeting.arguments();
    let late = server.call("/Hasty/meet", &arguments);
    let (late, mut met) = tokio::join!(late, meeting.met());
    assert_eq!((late.0, late.1["kind"].as_str()), (StatusCode::GATEWAY_TIMEOUT, Some("deadline_exceeded")));
    met.gone().await;
}

#[tokio::test]
async fn a_client_can_ask_for_a_shorter_deadline() {
    let server = Server::start().await;
    let meeting = Meeting::new().await;
    let request = server.post("/meet").header("x-request-timeout-ms", "20").json(&meeting.arguments());
    let (late, mut met) = tokio::join!(answer(request), meeting.met());
    assert_eq!(late.0, StatusCode::GATEWAY_TIMEOUT);
    met.gone().await;
}
