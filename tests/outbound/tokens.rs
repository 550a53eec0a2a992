//! A peer that lets in only those who have a token.

use std::path::Path;
use std::time::Duration;

use playhouse::{AnyClient, CallResult, Endpoint, ErrorKind, GatewayConfig, Node, TokenSource, Tokens};
use serde_json::{Value, json};

use crate::interface::{Caller, CallerClient, Peer, nothing};
use crate::stage::{Stage, StageClient};

const LIMIT: Duration = Duration::from_secs(60);

async fn there() -> (Node, String) {
    let gateway = GatewayConfig::default().port(0).tokens(Tokens::new(["r1ght"]).unwrap());
    let node = Node::builder().service::<Peer>().service::<Stage>().gateway(gateway).start().await.unwrap();
    let url = format!("http://{}", node.address().unwrap());
    (node, url)
}

fn file(token: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), token).unwrap();
    file
}

fn within(file: &Path) -> TokenSource {
    TokenSource::File(file.into())
}

fn refused<T: std::fmt::Debug>(result: CallResult<T>) -> String {
    let error = result.unwrap_err();
    let ErrorKind::Unauthorized { reason } = error.kind() else { panic!("{error:?}") };
    assert!(!error.is_retryable());
    reason.clone()
}

#[tokio::test]
async fn the_right_one_lets_in_and_others_are_unauthorized() {
    let (_there, url) = there().await;
    let here = nothing().await;
    let (right, wrong) = (file("r1ght\n"), file("wr0ng\n"));
    let endpoint = |file: &tempfile::NamedTempFile| Endpoint::new(url.as_str()).token(within(file.path()));
    let stage: StageClient = here.connect(endpoint(&right)).await.unwrap();
    assert_eq!(stage.echo("in".into()).await, Ok("in".into()));
    let any: AnyClient = here.connect(endpoint(&right)).await.unwrap();
    assert_eq!(any.call_json("echo", json!({ "text": "in" })).await, Ok(json!("in")));

    let stage: StageClient = here.connect(endpoint(&wrong)).await.unwrap();
    assert_eq!(refused(stage.echo("out".into()).await), "the token is not known here");
    let stage: StageClient = here.connect(&url).await.unwrap();
    assert!(refused(stage.echo("out".into()).await).starts_with("a token is needed"));
}

#[tokio::test]
async fn a_token_that_is_not_there_is_told_at_once() {
    let here = nothing().await;
    let (empty, none) = (file(""), tempfile::tempdir().unwrap().path().join("token"));
    let table = [
        (within(empty.path()), "has no token in its first line"),
        (within(&none), "No such file"),
        (
            TokenSource::Environment("PLAYHOUSE_TEST_NO_TOKEN".into()),
            "PLAYHOUSE_TEST_NO_TOKEN of the environment, which is not set",
        ),
    ];
    for (source, words) in table {
        let told =
            here.connect::<StageClient>(Endpoint::new("http://a").token(source)).await.err().unwrap().to_string();
        assert!(told.contains(words), "{told}");
    }
}

/// Readiness says what is wrong, without the token, and a file that is mended is found by itself.
#[tokio::test]
async fn one_that_is_replaced_in_its_file_is_taken() {
    let (_there, url) = there().await;
    let token = file("wr0ng\n");
    let node = Node::builder()
        .service::<Caller>()
        .depends("Caller", "peer", format!("{url}/Peer"))
        .depends_token("Caller", "peer", within(token.path()))
        .gateway(GatewayConfig::default().port(0))
        .start()
        .await
        .unwrap();
    let ready = || async {
        let answer = reqwest::get(format!("http://{}/readyz", node.address().unwrap())).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, body) = ready().await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let told = body["error"].as_str().unwrap();
    let expected = format!("it does not let us in with the token from file:{}", token.path().display());
    assert!(status == 503 && told.contains(&expected) && !told.contains("wr0ng"), "{told}");
    let caller: CallerClient = node.client().unwrap();
    assert_eq!(refused(caller.greet("Ada".into()).await), "the token is not known here");

    std::fs::write(token.path(), "r1ght\n").unwrap();
    let recovered = async { while ready().await.0 != 200 {} };
    tokio::time::timeout(LIMIT, recovered).await.expect("in time");
    assert_eq!(caller.greet("Ada".into()).await, Ok("Ada None".into()));
}
