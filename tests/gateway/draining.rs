//! The end of a node.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::meeting::Meeting;
use crate::server::Server;

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_was_accepted_is_finished_and_nothing_new_is_accepted() {
    let Server { node, .. } = Server::start().await;
    let address = node.address().unwrap();
    let url = |path: &str| format!("http://{address}{path}");
    let client = reqwest::Client::new();
    let meeting = Meeting::new().await;
    let accepted = tokio::spawn(client.post(url("/meet")).json(&meeting.arguments()).send());
    let met = meeting.met().await;
    let drain = tokio::spawn(node.drain(LIMIT));
    while client.get(url("/readyz")).send().await.unwrap().status() == StatusCode::OK {}
    assert_eq!(client.get(url("/livez")).send().await.unwrap().status(), StatusCode::OK);
    let refused = client.post(url("/nothing")).send().await.unwrap();
    assert_eq!(
        (refused.status(), &refused.headers()["connection"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"close".parse().unwrap())
    );
    met.let_go("done").await;
    let answer = accepted.await.unwrap().unwrap();
    assert_eq!((answer.status(), answer.text().await.unwrap()), (StatusCode::OK, "done".into()));
    assert_eq!(drain.await.unwrap().given_up, []);
    assert!(client.get(url("/livez")).send().await.unwrap_err().is_connect(), "nobody listens any more");
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_given_up_and_told_so() {
    let Server { node, .. } = Server::start().await;
    let client = reqwest::Client::new();
    let url = format!("http://{}/meet", node.address().unwrap());
    let meeting = Meeting::new().await;
    let accepted = tokio::spawn(client.post(url).json(&meeting.arguments()).send());
    let mut met = meeting.met().await;
    let drained = node.drain(Duration::from_millis(20)).await;
    assert_eq!(drained.given_up.len(), 1);
    met.gone().await;
    let answer = accepted.await.unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["kind"], json!("cancelled"));
}
