//! An unmodified BentoML server at a URL.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use playhouse::__private::schemars::{self, JsonSchema};
use playhouse::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::python::Script;
use crate::python::process::Process;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(unreachable_pub, reason = "part of messages, which are public")]
pub struct Flower {
    species: String,
    score: f32,
}

/// The methods of `peer.py` that have types here too.
mod interface {
    use super::*;

    pub(crate) struct Peer;

    #[service(traffic(timeout = "10s"))]
    impl Peer {
        #[init]
        fn new() -> Self {
            Peer
        }

        #[api]
        async fn double(&self, rows: Tensor) -> Result<Tensor> {
            Ok(rows)
        }

        #[api]
        #[tensor(i64, [_])]
        async fn classes(&self, #[tensor(f32, [_, _])] rows: Tensor) -> Result<Tensor> {
            Ok(rows)
        }

        #[api]
        async fn greet(&self, name: String, polite: Option<bool>) -> Result<String> {
            Ok(format!("{name} {polite:?}"))
        }

        #[api]
        async fn best(&self, flowers: Vec<Flower>) -> Result<Flower> {
            flowers.into_iter().next().ok_or_else(|| "none".into())
        }

        #[api]
        async fn length(&self, text: String) -> Result<u32> {
            Ok(text.len() as u32)
        }

        #[api]
        async fn raw(&self, n: u32) -> Result<Bytes> {
            Ok(vec![0; n as usize].into())
        }

        #[api]
        async fn words(&self, n: u32) -> Result<impl Stream<Item = Result<String>>> {
            let _ = n;
            Ok(futures_util::stream::empty())
        }

        #[api]
        async fn flowers(&self, n: u32) -> Result<impl Stream<Item = Result<Flower>>> {
            let _ = n;
            Ok(futures_util::stream::empty())
        }

        #[api]
        async fn fail(&self, how: String) -> Result<String> {
            Ok(how)
        }

        #[api]
        async fn slow(&self, seconds: f32) -> Result<String> {
            Ok(seconds.to_string())
        }
    }
}

use interface::PeerClient;

/// Starting BentoML takes three seconds here, and longer on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

fn start(address: SocketAddr) -> Process {
    Script::new("outbound/serve.py").arg(&address.port().to_string()).start()
}

/// Depends on the server in Python, typed and by names.
pub(crate) struct Caller {
    any: AnyClient,
}

#[service]
impl Caller {
    #[init]
    fn new(
        #[depends(url = "http://127.0.0.1:1")] peer: PeerClient,
        #[depends(url = "http://127.0.0.1:1")] any: AnyClient,
    ) -> Self {
        let _ = peer;
        Caller { any }
    }

    #[api]
    async fn greet(&self, name: String) -> Result<String> {
        let greeting = self.any.call_json("greet", json!({ "name": name })).await?;
        Ok(serde_json::from_value(greeting)?)
    }
}

async fn until_ready(node: &Node) {
    let url = format!("http://{}/readyz", node.address().unwrap());
    let ready = async { while reqwest::get(&url).await.unwrap().status() != 200 {} };
    tokio::time::timeout(LIMIT, ready).await.expect("in time");
}

#[tokio::test]
async fn an_unmodified_server_is_called_dies_and_comes_back() {
    let address = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{address}");
    let server = start(address);
    let node = Node::builder().service::<Caller>().depends("Caller", "peer", &url).depends("Caller", "any", &url);
    let node = node.gateway(playhouse::GatewayConfig::default().port(0)).start().await.unwrap();
    until_ready(&node).await;
    let peer: PeerClient = node.connect(&url).await.expect("what is called fits what is offered");
    let any: AnyClient = node.connect(&url).await.unwrap();
    let caller: CallerClient = node.client().unwrap();

    values(&peer, &any).await;
    streams(&peer).await;
    errors(&peer, &any).await;
    overload(&peer).await;

    assert_eq!(caller.greet("Ada".into()).await, Ok("Hello, Ada!".into()));
    drop(server);
    let error = caller.greet("Ada".into()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotStarted { .. } | ErrorKind::MayHaveRun { .. }), "{error:?}");
    let _server = start(address);
    let back = async { while caller.greet("Ada".into()).await.is_err() {} };
    tokio::time::timeout(LIMIT, back).await.expect("in time");
    until_ready(&node).await;
}

async fn values(peer: &PeerClient, any: &AnyClient) {
    let rows = Tensor::from_rows(&[[1.0f32, 2.5], [4.0, 3.0]]);
    assert_eq!(peer.double(rows.clone()).await, Ok(Tensor::from_rows(&[[2.0f32, 5.0], [8.0, 6.0]])));
    assert_eq!(peer.classes(rows).await, Ok(Tensor::from_vec([2], vec![1_i64, 0]).unwrap()));
    assert_eq!(peer.greet("Ädä".into(), Some(false)).await, Ok("Ädä.".into()));
    let flower = |species: &str, score| Flower { species: species.into(), score };
    assert_eq!(peer.best(vec![flower("a", 0.25), flower("b", 0.5)]).await, Ok(flower("b", 0.5)));
    assert_eq!(peer.length("four".into()).await, Ok(4));
    assert_eq!(peer.raw(300).await, Ok(Bytes::from(vec![0xff; 300])));
    let size = json!({ "file": { "name": "rows.csv", "data": "MSwy" }, "label": "x" });
    assert_eq!(any.call_json("size", size).await, Ok(json!({ "size": 3, "label": "x" })));
    assert_eq!(any.call_json("greet", json!({ "name": "Ada" })).await, Ok(json!("Hello, Ada!")));
}

async fn streams(peer: &PeerClient) {
    let words: Vec<_> = peer.words(3).await.unwrap().map(Result::unwrap).collect().await;
    assert_eq!(words.concat(), "wörd-0 wörd-1 wörd-2 ");
    let flowers: Vec<_> = peer.flowers(50).await.unwrap().map(|flower| flower.unwrap().species).collect().await;
    assert_eq!(flowers, (0..50).map(|number| number.to_string()).collect::<Vec<_>>());
}

async fn errors(peer: &PeerClient, any: &AnyClient) {
    let bad = peer.fail("bad".into()).await.unwrap_err();
    assert!(matches!(bad.kind(), ErrorKind::Rejected { message, .. } if message == "as asked"), "{bad:?}");
    let unauthorized = ErrorKind::Unauthorized { reason: "Authorization error".into() };
    let unavailable = "An unexpected error has occurred, please check the server log.";
    let table = [
        ("401", unauthorized.clone()),
        ("403", unauthorized),
        ("404", Error::service("http_404", "as asked").kind().clone()),
        ("409", Error::service("http_409", "as asked").kind().clone()),
        ("413", Error::malformed("as asked").kind().clone()),
        ("422", Error::malformed("as asked").kind().clone()),
        ("429", ErrorKind::Overloaded { retry_after: Duration::ZERO }),
        ("503", ErrorKind::Unavailable { reason: unavailable.into() }),
        ("504", ErrorKind::DeadlineExceeded),
    ];
    for (status, expected) in table {
        let error = peer.fail(status.into()).await.unwrap_err();
        assert_eq!(error.kind(), &expected, "{status}: {error:?}");
        // The method itself said so.
        assert!(!error.is_retryable() || !error.proves_not_started(), "{status}: {error:?}");
    }
    let hidden = peer.fail("hidden".into()).await.unwrap_err();
    assert!(matches!(hidden.kind(), ErrorKind::Service { code, .. } if code == "http_500"), "{hidden:?}");
    let missing = any.call_json("greet", json!({})).await.unwrap_err();
    assert!(matches!(missing.kind(), ErrorKind::Rejected { field: Some(field), .. } if field == "name"), "{missing:?}");
    let late = peer.slow(3.0).await.unwrap_err();
    assert_eq!(late.kind(), &ErrorKind::DeadlineExceeded, "the server's own limit of two seconds");
}

async fn overload(peer: &PeerClient) {
    let calls = futures_util::future::join_all((0..3).map(|_| peer.slow(0.5))).await;
    let refused: Vec<_> = calls.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(
        matches!(refused[0].kind(), ErrorKind::Overloaded { .. }) && refused[0].proves_not_started(),
        "{refused:?}"
    );
}
