//! Peers that do not behave.

use std::time::Duration;

use playhouse::{AnyClient, Error, ErrorKind, Node};
use serde_json::json;

use crate::interface::{PeerClient, nothing, schema};
use crate::scripted::{Scripted, Step, answer, json as in_json};

/// A client of a peer that follows this script, and all that has to stay alive.
struct Setting {
    peer: Scripted,
    client: PeerClient,
    _node: Node,
}

async fn setting(steps: impl IntoIterator<Item = Step>) -> Setting {
    let peer = Scripted::start(steps).await;
    let node = nothing().await;
    let client = node.connect(&peer.url()).await.unwrap();
    Setting { peer, client, _node: node }
}

fn hello() -> Step {
    Step::Write(in_json("200 OK", r#""hello""#))
}

fn three() -> Step {
    Step::Write(in_json("200 OK", "3"))
}

async fn greet(client: &PeerClient) -> Result<String, Error> {
    client.greet("Ada".into(), None).await
}

#[tokio::test]
async fn a_call_says_what_it_is_and_how_much_time_it_has() {
    let mut setting = setting([hello(), hello()]).await;
    assert_eq!(greet(&setting.client).await, Ok("hello".into()));
    let (head, body) = setting.peer.call().await;
    assert!(head.starts_with("post /greet http/1.1\r\n"), "{head}");
    for line in ["content-type: application/json\r\n", "accept: application/json\r\n", "user-agent: playhouse/"] {
        assert!(head.contains(line), "{head}");
    }
    assert_eq!(body, br#"{"name":"Ada","polite":null}"#);
    let left: u64 = head.split("x-request-timeout-ms: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    assert!((4000..=5001).contains(&left), "of five seconds: {left}");
    greet(&setting.client.with_timeout(Duration::from_millis(900))).await.unwrap();
    let (head, _) = setting.peer.call().await;
    let left: u64 = head.split("x-request-timeout-ms: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    assert!((1..=901).contains(&left), "{left}");
}

#[tokio::test]
async fn nobody_there_is_a_call_that_did_not_start() {
    let Setting { peer, client, _node } = setting([]).await;
    let url = peer.url();
    drop(peer);
    let error = greet(&client).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotStarted { .. }) && error.proves_not_started(), "{error:?}");
    let told = error.to_string();
    assert!(told.starts_with("Peer.greet: not started: ") && told.contains(&url) && told.contains("refused"), "{told}");
    assert_eq!(error.chain()[0].replica, url);
}

#[tokio::test]
async fn what_was_lost_may_have_run_and_is_not_made_again() {
    for step in [Step::Reset, Step::ResetAtOnce, Step::WriteAndClose(String::new())] {
        let mut setting = setting([step, hello()]).await;
        let error = greet(&setting.client).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::MayHaveRun { .. }), "{error:?}");
        assert!(!error.proves_not_started() && setting.peer.calls() <= 1);
    }
}

#[tokio::test]
async fn what_was_lost_is_made_again_where_that_changes_nothing() {
    for step in
        [Step::Reset, Step::ResetAtOnce, Step::WriteAndClose("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n12".into())]
    {
        let setting = setting([step, three()]).await;
        assert_eq!(setting.client.look_up("abc".into()).await, Ok(3));
    }
}

#[tokio::test]
async fn a_call_is_made_three_times_at_most() {
    let mut setting = setting([Step::Reset, Step::Reset, Step::Reset, three()]).await;
    let error = setting.client.look_up("abc".into()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::MayHaveRun { .. }), "{error:?}");
    assert_eq!(setting.peer.calls(), 3);
}

#[tokio::test]
async fn half_an_answer_is_no_answer() {
    let half = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n\"hel";
    let setting = setting([Step::WriteAndClose(half.into())]).await;
    let error = greet(&setting.client).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::MayHaveRun { reason } if reason.contains("cut short")), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_not_noticed() {
    let close = |_| Step::WriteAndClose(in_json("200 OK", r#""hello""#));
    let setting = setting((0..20).map(close)).await;
    for _ in 0..20 {
        assert_eq!(greet(&setting.client).await, Ok("hello".into()));
        // A round trip elsewhere: what the peer has done with the connection has arrived.
        tokio::net::TcpStream::connect(setting.peer.address).await.unwrap();
    }
}

#[tokio::test]
async fn a_late_answer_is_not_waited_for_and_the_peer_learns_of_it() {
    let mut setting = setting([Step::Hang]).await;
    let error = greet(&setting.client.with_timeout(Duration::from_millis(30))).await.unwrap_err();
    assert_eq!((error.kind(), error.chain().len()), (&ErrorKind::DeadlineExceeded, 1));
    setting.peer.gone().await;
}

#[tokio::test]
async fn a_call_that_is_dropped_ends_over_there() {
    let mut setting = setting([Step::Hang]).await;
    let call = tokio::spawn({
        let client = setting.client.clone();
        async move { greet(&client).await }
    });
    setting.peer.call().await;
    call.abort();
    setting.peer.gone().await;
}

#[tokio::test]
async fn garbage_is_one_clear_error() {
    let table = [
        ("SSH-2.0-OpenSSH_9.6\r\n".to_owned(), "Peer.greet: lost after sending"),
        (in_json("200 OK", r#"{"half":"#), "cannot be read"),
        (in_json("200 OK", "[1]"), "cannot be read"),
        (answer("200 OK", "content-type: text/html\r\n", "<html>"), "cannot be read"),
    ];
    for (bytes, expected) in table {
        let setting = setting([Step::WriteAndClose(bytes.clone())]).await;
        let error = greet(&setting.client).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{bytes:?}: {error}");
        assert!(!matches!(error.kind(), ErrorKind::Rejected { .. }), "not the caller's mistake: {error:?}");
        assert_eq!(error.chain().len(), 1, "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    const CHUNK: &str = "10\r\n\"abcdefghijklmno\r\n";
    let announced = Step::Write("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".into());
    for step in [announced, Step::Flood(HEAD, CHUNK)] {
        let peer = Scripted::start([step]).await;
        let node = Node::builder().max_answer(10_000).start().await.unwrap();
        let client: PeerClient = node.connect(&peer.url()).await.unwrap();
        let error = greet(&client).await.unwrap_err();
        assert!(error.to_string().contains("larger than 10000 bytes"), "{error}");
    }
}

#[tokio::test]
async fn a_peer_that_says_when_is_asked_again_then() {
    let busy = answer("429 Too Many Requests", "retry-after: 1\r\n", r#"{"error":"busy","kind":"overloaded"}"#);
    let mut patient = setting([Step::Write(busy.clone()), hello()]).await;
    let before = tokio::time::Instant::now();
    assert_eq!(greet(&patient.client).await, Ok("hello".into()));
    assert!(before.elapsed() >= Duration::from_secs(1));
    assert_eq!(patient.peer.calls(), 2);
    let mut hasty = setting([Step::Write(busy)]).await;
    let error = greet(&hasty.client.with_timeout(Duration::from_millis(500))).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Overloaded { retry_after: Duration::from_secs(1) });
    assert_eq!(hasty.peer.calls(), 1, "it would be too late");
}

#[tokio::test]
async fn a_method_that_began_is_not_made_again() {
    let behind = r#"{"error":"Peer.greet: Other.m: draining","kind":"draining","began":true}"#;
    let mut setting = setting([Step::Write(in_json("503 Service Unavailable", behind)), hello()]).await;
    let error = greet(&setting.client).await.unwrap_err();
    assert_eq!((error.kind(), error.proves_not_started()), (&ErrorKind::Draining, false));
    assert_eq!(setting.peer.calls(), 1);
}

#[tokio::test]
async fn a_client_without_types_calls_by_names() {
    let mut peer = Scripted::with_schema(
        &schema(),
        [three(), Step::Write(answer("200 OK", "content-type: text/plain\r\n", "hé"))],
    )
    .await;
    let node = nothing().await;
    let client: AnyClient = node.connect(&peer.url()).await.unwrap();
    assert_eq!(client.call_json("look_up", json!({ "name": "abc" })).await, Ok(json!(3)));
    assert!(peer.call().await.0.starts_with("post /v2/look_up "), "where the peer says that it is");
    assert_eq!(client.call_json("greet", json!({ "name": "x" })).await, Ok(json!("hé")));
    peer.call().await;
    let error = client.call_json("lok_up", json!({})).await.unwrap_err();
    assert!(
        error.to_string().contains("no method lok_up, only greet, look_up, words; did you mean look_up?"),
        "{error}"
    );
    let error = client.call_json("words", json!({ "n": 1 })).await.unwrap_err();
    assert!(error.to_string().contains("it answers by a stream"), "{error}");
    assert_eq!(peer.calls(), 0, "neither was sent");
}
