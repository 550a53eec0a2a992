//! What is called is checked against what is offered, at the start.

use playhouse::{AnyClient, ConnectError};
use serde_json::json;

use crate::interface::{PeerClient, caller, nothing, schema};
use crate::scripted::Scripted;

#[tokio::test]
async fn everything_that_does_not_fit_is_told_at_once() {
    let offered = json!({ "name": "Other", "routes": [
        { "name": "greet", "route": "/greet", "output": { "type": "integer" }, "input": { "required": ["nam", "age"],
            "properties": { "nam": { "type": "string" }, "age": { "type": "integer" }, "polite": { "type": "string" } } } },
        { "name": "lookup", "route": "/lookup", "output": {}, "input": {} },
        { "name": "words", "route": "/words", "output": { "type": "string" }, "input": {} },
    ]});
    let peer = Scripted::with_schema(&offered, []).await;
    let node = nothing().await;
    let error = node.connect::<PeerClient>(&peer.url()).await.err().unwrap();
    let expected = format!(
        "{} does not offer what is called:\n  \
         greet: it takes no argument name, only nam, age, polite; did you mean nam?\n  \
         greet: its argument polite is a text, and true or false is sent\n  \
         greet: it needs an argument nam, which is not sent\n  \
         greet: it needs an argument age, which is not sent\n  \
         greet: it gives a number, and a text is expected\n  \
         look_up: there is no such method, only greet, lookup, words; did you mean lookup?\n  \
         words: it answers once, and a stream is expected\n  \
         (the service there is Other, not Peer)",
        peer.url()
    );
    assert_eq!(error.to_string(), expected);
    assert!(node.connect::<AnyClient>(&peer.url()).await.is_ok(), "a client without types expects nothing");
}

#[tokio::test]
async fn a_program_whose_dependency_does_not_fit_does_not_start() {
    let peer = Scripted::with_schema(&json!({ "routes": [] }), []).await;
    let error = caller(&peer.url()).start().await.err().unwrap().to_string();
    assert!(
        error.starts_with(&format!("Caller.peer: {} does not offer what is called:\n  greet: ", peer.url())),
        "{error}"
    );
}

#[tokio::test]
async fn one_that_says_nothing_of_itself_is_called_without() {
    let peer = Scripted::start([]).await;
    assert!(nothing().await.connect::<PeerClient>(&peer.url()).await.is_ok());
}

#[tokio::test]
async fn one_that_fits_starts() {
    let peer = Scripted::with_schema(&schema(), []).await;
    assert!(caller(&peer.url()).start().await.is_ok());
}

#[tokio::test]
async fn urls_that_are_none_are_told() {
    let table = [
        ("peer:3000", "has no scheme"),
        ("http://${PLAYHOUSE_NOT_SET}:3000", "needs the variable PLAYHOUSE_NOT_SET of the environment"),
    ];
    for (url, expected) in table {
        let error = caller(url).start().await.err().unwrap().to_string();
        assert!(error.starts_with("Caller.peer: ") && error.contains(expected), "{error}");
        let error = nothing().await.connect::<PeerClient>(url).await.err().unwrap();
        assert!(matches!(&error, ConnectError::Url { reason } if reason.contains(expected)), "{error:?}");
    }
    let error = caller("http://a").depends("Caller", "pear", "http://a").start().await.err().unwrap().to_string();
    assert_eq!(error, "Caller has no parameter pear with `#[depends(url = ..)]`: it has peer");
    let error = caller("http://a").depends("Callar", "peer", "http://a").start().await.err().unwrap().to_string();
    assert!(error.contains("there is no service Callar"), "{error}");
}
