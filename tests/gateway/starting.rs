//! The start of a node.

use std::net::TcpListener;

use playhouse::prelude::*;
use reqwest::StatusCode;
use tokio::net::TcpStream;

use crate::meeting::Meeting;
use crate::server::{any_port, services};
use crate::stage::{Front, Stage};

/// Takes as long to start as the test wants.
pub(crate) struct Slow;

#[service]
impl Slow {
    #[init]
    async fn new(port: Config<u16>) -> Result<Self> {
        let mut line = String::new();
        let connection = TcpStream::connect(("127.0.0.1", port.0)).await?;
        tokio::io::AsyncBufReadExt::read_line(&mut tokio::io::BufReader::new(connection), &mut line).await?;
        Ok(Slow)
    }

    #[api]
    async fn nothing(&self) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn until_the_services_are_ready_the_process_lives_and_calls_are_503() {
    // A port that was free a moment ago: the node must tell it before it has started.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let meeting = Meeting::new().await;
    let node = Node::builder().service::<Slow>().gateway(any_port().port(port));
    let starting = tokio::spawn(node.configure("Slow", meeting.arguments()["port"].clone()).start());
    let met = meeting.met().await;
    let (client, url) = (reqwest::Client::new(), |path: &str| format!("http://127.0.0.1:{port}{path}"));
    assert_eq!(client.get(url("/livez")).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(client.get(url("/readyz")).send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    let call = client.post(url("/nothing")).send().await.unwrap();
    assert_eq!(
        (call.status(), &call.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
    );
    assert_eq!(call.json::<serde_json::Value>().await.unwrap()["kind"], "starting");
    met.let_go("go").await;
    let node = starting.await.unwrap().unwrap();
    assert_eq!(client.post(url("/nothing")).send().await.unwrap().status(), StatusCode::OK);
    drop(node);
}

/// Wants a path that is not to be had.
pub(crate) struct Greedy;

#[service]
impl Greedy {
    #[init]
    fn new() -> Self {
        Greedy
    }

    #[api(route = "/livez")]
    async fn health(&self) -> Result<()> {
        Ok(())
    }
}

/// Wants the path of another service's method.
pub(crate) struct Nosy;

#[service]
impl Nosy {
    #[init]
    fn new() -> Self {
        Nosy
    }

    #[api(route = "/Stage/echo")]
    async fn echo(&self) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_node_that_cannot_start_says_why() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let table = [
        (services().gateway(any_port().port(port)), format!("127.0.0.1:{port} is in use")),
        (services().gateway(any_port().entry("Sage")), "the entry Sage is not a service of this program".into()),
        (services().gateway(any_port().host("no such host")), "cannot listen on no such host:0".into()),
        (
            services().service::<Greedy>().gateway(any_port()),
            "the route /livez of Greedy.health is taken by the gateway itself".into(),
        ),
        (
            services().service::<Nosy>().gateway(any_port()),
            "the route /Stage/echo of Nosy.echo is taken by Stage.echo".into(),
        ),
        (Node::builder().gateway(any_port()), "there are no services to serve".into()),
        (Node::builder().service::<Front>(), "Stage is missing: Front needs it".into()),
    ];
    for (node, words) in table {
        let error = node.start().await.err().map(|error| error.to_string());
        assert!(error.as_deref().is_some_and(|error| error.contains(&words)), "{error:?}: {words}");
    }
}

#[tokio::test]
async fn a_node_needs_no_gateway() {
    let node = Node::builder().service::<Stage>().service::<Front>().start().await.unwrap();
    let stage: crate::stage::StageClient = node.client().unwrap();
    assert_eq!(stage.echo("a".into()).await.unwrap(), "a");
    assert!(node.address().is_none());
    let drained = node.drain(std::time::Duration::from_secs(1)).await;
    assert_eq!(drained.given_up, []);
    let error = stage.echo("a".into()).await.unwrap_err();
    assert!(matches!(error.kind(), playhouse::ErrorKind::Unavailable { .. }), "{error}");
}
