//! A service that runs elsewhere, as its callers see it.

use playhouse::prelude::*;
use playhouse::{Definition, NodeBuilder};

/// What the scripted peer and the one in Python are called by.
pub(crate) struct Peer;

#[service(traffic(timeout = "5s"))]
impl Peer {
    #[init]
    fn new() -> Self {
        Peer
    }

    #[api]
    async fn greet(&self, name: String, polite: Option<bool>) -> Result<String> {
        Ok(format!("{name} {polite:?}"))
    }

    #[api(idempotent)]
    async fn look_up(&self, name: String) -> Result<u32> {
        Ok(name.len() as u32)
    }

    #[api]
    async fn words(&self, n: u32) -> Result<impl Stream<Item = Result<String>>> {
        let _ = n;
        Ok(futures_util::stream::empty())
    }
}

/// Depends on it.
pub(crate) struct Caller {
    peer: PeerClient,
}

#[service]
impl Caller {
    #[init]
    fn new(#[depends(url = "${PLAYHOUSE_TEST_PEER:-http://127.0.0.1:1}")] peer: PeerClient
    ) -> Self {
        Caller { peer }
    }

    /// Passes a greeting on.
    #[api]
    async fn greet(&self, name: String) -> Result<String> {
        Ok(self.peer.greet(name, None).await?)
    }
}

/// A node that hosts nothing.
pub(crate) async fn nothing() -> Node {
    Node::builder().start().await.unwrap()
}

/// A node with the caller, which is bound to `url`, and a gateway.
pub(crate) fn caller(url: &str) -> NodeBuilder {
    let gateway = playhouse::GatewayConfig::default().port(0);
    Node::builder().service::<Caller>().depends("Caller", "peer", url).gateway(gateway)
}

/// What the peer would say of itself if it were BentoML.
pub(crate) fn schema() -> serde_json::Value {
    serde_json::json!({ "name": "Peer", "type": "service", "routes": [
        { "name": "greet", "route": "/greet", "output": { "type": "string" }, "input": { "type": "object", "required": ["name"],
            "properties": { "name": { "type": "string" }, "polite": { "type": "boolean", "default": true } } } },
        { "name": "look_up", "route": "/v2/look_up", "output": { "type": "integer" },
            "input": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } } },
        { "name": "words", "route": "/words", "output": { "type": "string", "is_stream": true },
            "input": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } } },
    ]})
}

#[test]
fn a_dependency_at_a_url_is_no_part_of_the_program() {
    let definition = Definition::of::<Caller>();
    let description = definition.description();
    assert_eq!(description.dependencies().count(), 0);
    assert_eq!(description.bound_parameters().collect::<Vec<_>>(), ["peer"]);
    let shown = serde_json::to_value(&description.requirements).unwrap();
    let url = "${PLAYHOUSE_TEST_PEER:-http://127.0.0.1:1}";
    let expected = serde_json::json!([{ "parameter": "peer", "kind": { "url": { "service": "Peer", "url": url } } }]);
    assert_eq!(shown, expected);
}
