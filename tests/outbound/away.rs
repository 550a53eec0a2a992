//! A dependency that is down: its service starts, says so, and recovers by itself.

use std::net::SocketAddr;
use std::time::Duration;

use playhouse::Node;
use serde_json::{Value, json};

use crate::interface::{caller, schema};
use crate::scripted::{Scripted, Step, json as in_json};

const LIMIT: Duration = Duration::from_secs(20);

/// An address at which nobody listens.
async fn free() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

async fn get(node: &Node, path: &str) -> (u16, Value) {
    let response = reqwest::get(format!("http://{}{path}", node.address().unwrap())).await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

/// Asks until the node says that it is ready, or that it is not.
async fn until_ready(node: &Node, expected: u16) -> Value {
    let asked = async {
        loop {
            let (status, body) = get(node, "/readyz").await;
            if status == expected {
                return body;
            }
        }
    };
    tokio::time::timeout(LIMIT, asked).await.expect("in time")
}

async fn greet(node: &Node) -> (u16, Value) {
    let url = format!("http://{}/greet", node.address().unwrap());
    let response = reqwest::Client::new()
        .post(url)
        .header("accept", "application/json")
        .json(&json!({ "name": "Ada" }))
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn greeting() -> Step {
    Step::Write(in_json("200 OK", r#""hello""#))
}

#[tokio::test]
async fn it_starts_says_so_and_recovers() {
    let address = free().await;
    let url = format!("http://{address}");
    let node = caller(&url).start().await.unwrap();
    let (status, body) = get(&node, "/readyz").await;
    let told = body["error"].as_str().unwrap();
    assert_eq!(status, 503);
    assert!(
        told.starts_with(&format!("not ready: Caller (its dependency peer at {url}: ")) && told.contains("refused"),
        "{told}"
    );
    let (_, health) = get(&node, "/healthz").await;
    let dependency = &health["groups"][0]["dependencies"][0];
    assert_eq!((&dependency["parameter"], &dependency["url"]), (&json!("peer"), &json!(url)));
    assert!(dependency["trouble"].as_str().unwrap().contains("refused"));
    assert_eq!(get(&node, "/livez").await.0, 200);

    let (status, error) = greet(&node).await;
    assert_eq!((status, &error["kind"], &error["began"]), (503, &json!("not_started"), &json!(true)));
    let told = error["error"].as_str().unwrap();
    assert!(told.starts_with("Caller.greet: Peer.greet: not started: ") && told.contains(&url), "{told}");

    let peer = Scripted::listen(address, Some(schema().to_string()), [greeting()]).await;
    until_ready(&node, 200).await;
    assert_eq!(greet(&node).await, (200, json!("hello")));

    drop(peer);
    assert_eq!(greet(&node).await.0, 503, "a call finds out first");
    assert_eq!(get(&node, "/readyz").await.0, 503, "and health checks know what it has found");

    let _peer = Scripted::listen(address, Some(schema().to_string()), [greeting()]).await;
    until_ready(&node, 200).await;
    assert_eq!(greet(&node).await, (200, json!("hello")));
}

#[tokio::test]
async fn one_that_comes_back_as_another_is_told() {
    let address = free().await;
    let node = caller(&format!("http://{address}")).start().await.unwrap();
    let _peer = Scripted::listen(address, Some(json!({ "name": "Other", "routes": [] }).to_string()), []).await;
    let asked = async {
        loop {
            let (status, body) = get(&node, "/readyz").await;
            assert_eq!(status, 503);
            if body["error"].as_str().unwrap().contains("does not offer what is called:\n  greet: ") {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, asked).await.expect("in time");
}

/// The probe has no answer at all: neither the start nor a health check waits for one.
#[tokio::test]
async fn one_that_never_answers_holds_nothing_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let before = tokio::time::Instant::now();
    let node = caller(&url).start().await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    let before = tokio::time::Instant::now();
    let (status, body) = get(&node, "/readyz").await;
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    assert!(status == 503 && body["error"].as_str().unwrap().contains("no answer within 2s"), "{body}");
}
