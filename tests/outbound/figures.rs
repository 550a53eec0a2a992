//! What the page of metrics says of calls to URLs.

use std::time::Duration;

use playhouse::{AnyClient, GatewayConfig, Node};
use serde_json::json;

use crate::interface::{Caller, CallerClient, schema};
use crate::scripted::{Scripted, Step, json as in_json};
use crate::stage::{Stage, StageClient};

const LIMIT: Duration = Duration::from_secs(60);

async fn page(node: &Node) -> String {
    reqwest::get(format!("http://{}/metrics", node.address().unwrap())).await.unwrap().text().await.unwrap()
}

/// Asks until a line is there.
async fn until(node: &Node, line: &str) {
    let asked = async { while !page(node).await.lines().any(|written| written == line) {} };
    if tokio::time::timeout(LIMIT, asked).await.is_err() {
        panic!("{line}: {}", page(node).await);
    }
}

#[tokio::test]
async fn calls_are_counted_by_how_they_end() {
    let busy = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    let steps = [
        Step::Write(in_json("200 OK", r#""hello""#)),
        Step::Write(in_json("400 Bad Request", r#"{"error": "no"}"#)),
        Step::Write(busy.into()),
        Step::Write(in_json("200 OK", r#""at last""#)),
    ];
    let peer = Scripted::with_schema(&schema(), steps).await;
    let node = Node::builder().service::<Caller>().depends("Caller", "peer", peer.url());
    let node = node.gateway(GatewayConfig::default().port(0)).start().await.unwrap();
    let before = page(&node).await;
    let series = r#"playhouse_outbound_requests_total{service="Peer",method="look_up",outcome="ok"} 0"#;
    assert!(before.contains(series), "there from the start: {before}");
    let caller: CallerClient = node.client().unwrap();
    for expected in [true, false, true] {
        assert_eq!(caller.greet("Ada".into()).await.is_ok(), expected);
    }
    let page = page(&node).await;
    for line in [
        r#"playhouse_outbound_requests_total{service="Peer",method="greet",outcome="ok"} 2"#,
        r#"playhouse_outbound_requests_total{service="Peer",method="greet",outcome="rejected"} 1"#,
        r#"playhouse_outbound_requests_total{service="Peer",method="greet",outcome="overloaded"} 0"#,
        r#"playhouse_outbound_request_duration_seconds_count{service="Peer",method="greet"} 3"#,
        r#"playhouse_outbound_retries_total{service="Peer",method="greet"} 1"#,
    ] {
        assert!(page.lines().any(|written| written == line), "{line}: {page}");
    }
}

/// What is made up by callers makes no series, and a call that is dropped is counted too.
#[tokio::test]
async fn unknown_methods_share_a_series_and_what_is_dropped_counts() {
    let there = Node::builder().service::<Stage>().gateway(GatewayConfig::default().port(0)).start().await.unwrap();
    let url = format!("http://{}", there.address().unwrap());
    let here = Node::builder().service::<Stage>().gateway(GatewayConfig::default().port(0)).start().await.unwrap();
    let any: AnyClient = here.connect(&url).await.unwrap();
    any.call_json("echo", json!({ "text": "a" })).await.unwrap();
    for number in 0..3 {
        any.call_json(&format!("made_up_{number}"), json!({})).await.unwrap_err();
    }
    let written = page(&here).await;
    let ok = format!(r#"playhouse_outbound_requests_total{{service="{url}",method="echo",outcome="ok"}} 1"#);
    let other = format!(r#"playhouse_outbound_requests_total{{service="{url}",method="other",outcome="rejected"}} 3"#);
    assert!(written.contains(&ok) && written.contains(&other) && !written.contains("made_up"), "{written}");

    let stage: StageClient = here.connect(&url).await.unwrap();
    let meeting = crate::meeting::Meeting::new().await;
    let port = u16::try_from(meeting.arguments()["port"].as_u64().unwrap()).unwrap();
    let call = tokio::spawn(async move { stage.meet(port).await });
    let mut met = meeting.met().await;
    call.abort();
    met.gone().await;
    until(&here, r#"playhouse_outbound_requests_total{service="Stage",method="meet",outcome="cancelled"} 1"#).await;
}

#[tokio::test]
async fn connections_are_counted_while_they_are_open() {
    let peer = Scripted::with_schema(&schema(), [Step::Write(in_json("200 OK", r#""hello""#))]).await;
    let node = Node::builder().service::<Caller>().depends("Caller", "peer", peer.url());
    let node = node.gateway(GatewayConfig::default().port(0)).start().await.unwrap();
    let caller: CallerClient = node.client().unwrap();
    caller.greet("Ada".into()).await.unwrap();
    let open = |page: &str| {
        page.lines().any(|line| line.starts_with("playhouse_outbound_connections_open ") && !line.ends_with(" 0"))
    };
    let written = page(&node).await;
    assert!(open(&written), "{written}");
    drop(peer);
    let closed = async { while open(&page(&node).await) {} };
    tokio::time::timeout(LIMIT, closed).await.expect("those of a peer that is gone are not open");
}
