//! A peer behind TLS, with certificates of an authority that no machine knows.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use playhouse::{ErrorKind, GatewayConfig, Node};
use serde_json::Value;

use crate::authority::Authority;
use crate::interface::{CallerClient, caller};
use crate::meeting::Meeting;
use crate::stage::{Stage, StageClient};

/// A program with the stage behind TLS and HTTP/2, and how many requests came to it by that and by HTTP/1.1.
struct There {
    node: Node,
    multiplexed: Arc<AtomicUsize>,
    plain: Arc<AtomicUsize>,
}

impl There {
    async fn start((certificate, key): (PathBuf, PathBuf)) -> Self {
        let (multiplexed, plain) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counters = [Arc::clone(&multiplexed), Arc::clone(&plain)];
        let gateway = GatewayConfig::default().port(0).tls(certificate, key).before(move |request| {
            let is_multiplexed = format!("{:?}", request.version()) == "HTTP/2.0";
            counters[usize::from(!is_multiplexed)].fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let node = Node::builder().service::<Stage>().gateway(gateway).start().await.unwrap();
        Self { node, multiplexed, plain }
    }

    /// By the name that is in the certificate.
    fn url(&self) -> String {
        format!("https://localhost:{}", self.node.address().unwrap().port())
    }
}

async fn here(authorities: PathBuf) -> Node {
    Node::builder().depends_ca(authorities).start().await.unwrap()
}

#[tokio::test]
async fn calls_and_streams_are_answered() {
    let authority = Authority::new();
    let there = There::start(authority.certificate("localhost")).await;
    let here = here(authority.path()).await;
    let stage: StageClient = here.connect(there.url()).await.unwrap();
    let calls = (0..20).map(|number| stage.echo(number.to_string()));
    for (number, reply) in futures_util::future::join_all(calls).await.into_iter().enumerate() {
        assert_eq!(reply, Ok(number.to_string()));
    }
    let long = "x".repeat(3 << 20);
    assert_eq!(stage.echo(long.clone()).await, Ok(long));
    let items: Vec<_> = stage.count(3, None).await.unwrap().collect().await;
    assert_eq!(items, [Ok(0), Ok(1), Ok(2)]);
    assert!(there.plain.load(Ordering::Relaxed) >= 22);
    assert_eq!(there.multiplexed.load(Ordering::Relaxed), 0, "what is dropped there goes on");
}

/// A call that is dropped must end over there, and the others must not.
#[tokio::test]
async fn a_dropped_call_ends_there_and_its_neighbours_go_on() {
    let authority = Authority::new();
    let there = There::start(authority.certificate("localhost")).await;
    let here = here(authority.path()).await;
    let stage: StageClient = here.connect(there.url()).await.unwrap();
    let (dropped, kept) = (Meeting::new().await, Meeting::new().await);
    let port = |meeting: &Meeting| u16::try_from(meeting.arguments()["port"].as_u64().unwrap()).unwrap();
    let call = |port| {
        let stage = stage.clone();
        tokio::spawn(async move { stage.meet(port).await })
    };
    let (first, second) = (call(port(&dropped)), call(port(&kept)));
    let (mut dropped, kept) = (dropped.met().await, kept.met().await);
    first.abort();
    dropped.gone().await;
    kept.let_go("done").await;
    assert_eq!(second.await.unwrap(), Ok("done".into()));
}

#[tokio::test]
async fn a_certificate_that_is_not_believed_is_told_with_host_and_reason() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let unknown = There::start(authority.certificate("localhost")).await;
    let misnamed = There::start(stranger.certificate("elsewhere.test")).await;
    for (there, reason) in [(unknown, "UnknownIssuer"), (misnamed, "not valid for name \"localhost\"")] {
        let url = there.url();
        // It starts, as with one that is down: certificates are renewed while programs run.
        let node = caller(&url).depends_ca(stranger.path()).start().await.unwrap();
        let client: CallerClient = node.client().unwrap();
        let error = client.greet("Ada".into()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotStarted { .. }), "{error:?}");
        let told = error.to_string();
        let expected = format!("{url} cannot be reached: invalid peer certificate: ");
        assert!(told.contains(&expected) && told.contains(reason), "{told}");
        let ready = reqwest::get(format!("http://{}/readyz", node.address().unwrap())).await.unwrap();
        let body: Value = ready.json().await.unwrap();
        let told = body["error"].as_str().unwrap();
        assert!(told.contains(&url) && told.contains(reason), "{told}");
    }
}

#[tokio::test]
async fn a_file_without_authorities_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, broken) = (folder.path().join("empty.pem"), folder.path().join("broken.pem"));
    std::fs::write(&empty, "nothing\n").unwrap();
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let table =
        [(folder.path().join("none.pem"), "No such file"), (empty, "holds no certificate"), (broken, "certificate 1")];
    for (path, words) in table {
        let error = Node::builder().depends_ca(&path).start().await.err().unwrap().to_string();
        assert!(error.starts_with(&format!("cannot trust the authorities in {}", path.display())), "{error}");
        assert!(error.contains(words), "{error}");
    }
}
