//! Another Playhouse at a URL: the same results as in one process.

use std::time::Duration;

use futures_util::StreamExt;
use playhouse::{AnyClient, Error, ErrorKind, GatewayConfig, Node, Settings, Tensor, Traffic};
use serde_json::json;

use crate::interface::nothing;
use crate::meeting::Meeting;
use crate::stage::{Hasty, HastyClient, Narrow, NarrowClient, Stage, StageClient};

/// A program with the stage, and one that hosts nothing.
struct Pair {
    there: Node,
    here: Node,
}

async fn pair() -> Pair {
    let there = Node::builder().service::<Narrow>().service::<Hasty>().service::<Stage>();
    let there = there.gateway(GatewayConfig::default().port(0)).start().await.unwrap();
    Pair { there, here: nothing().await }
}

impl Pair {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.there.address().unwrap())
    }

    async fn stage(&self) -> StageClient {
        self.here.connect(&self.url("")).await.unwrap()
    }
}

#[tokio::test]
async fn values_come_back_as_they_were() {
    let pair = pair().await;
    let stage = pair.stage().await;
    for text in ["", "plain", "a\n\"ü\" \u{1f600}"] {
        assert_eq!(stage.echo(text.into()).await, Ok(text.to_owned()));
    }
    let rows = Tensor::from_rows(&[[1.0f32, 2.5, f32::MIN_POSITIVE, -4.0]]);
    assert_eq!(stage.rows(rows.clone()).await, Ok(rows));
    assert_eq!(stage.nothing().await, Ok(()));
    let any: AnyClient = pair.here.connect(&pair.url("/Stage")).await.unwrap();
    assert_eq!(any.call_json("rows", json!({ "rows": [[1, 2, 3, 4]] })).await, Ok(json!([[1.0, 2.0, 3.0, 4.0]])));
}

#[tokio::test]
async fn streams_come_item_by_item_and_end_by_their_error() {
    let pair = pair().await;
    let stage = pair.stage().await;
    let items: Vec<_> = stage.count(3, None).await.unwrap().collect().await;
    assert_eq!(items, [Ok(0), Ok(1), Ok(2)]);
    let items: Vec<_> = stage.count(3, Some(2)).await.unwrap().collect().await;
    assert_eq!((items.len(), &items[..2]), (3, &[Ok(0), Ok(1)][..]));
    assert_eq!(items[2].as_ref().unwrap_err().kind(), Error::service("spent", "no more numbers").kind());
    let at_once = stage.count(3, Some(0)).await.err().unwrap();
    assert_eq!(at_once.kind(), Error::service("at_once", "failed before the first item").kind());
}

#[tokio::test]
async fn a_stream_is_not_gathered_and_its_drop_is_noticed() {
    let pair = pair().await;
    let stage = pair.stage().await;
    let meeting = Meeting::new().await;
    let port = u16::try_from(meeting.arguments()["port"].as_u64().unwrap()).unwrap();
    let mut items = stage.count_and_meet(port).await.unwrap();
    assert_eq!(items.next().await, Some(Ok("first".into())));
    let mut met = meeting.met().await;
    drop(items);
    met.gone().await;
}

#[tokio::test]
async fn errors_keep_their_kind_and_say_where() {
    let pair = pair().await;
    let stage = pair.stage().await;
    let failed = stage.fail().await.unwrap_err();
    assert_eq!(failed.kind(), Error::service("no_such_species", "no species 7").kind());
    assert_eq!(failed.to_string(), "Stage.fail: no species 7");
    assert_eq!(failed.chain()[0].replica, pair.url(""));
    let panicked = stage.panic().await.unwrap_err();
    assert_eq!(panicked.kind(), &ErrorKind::Panicked { message: "as the test wants".into() });
    let rejected = stage.rows(Tensor::from_rows(&[[1.0f32]])).await.unwrap_err();
    assert!(
        matches!(rejected.kind(), ErrorKind::Rejected { field: Some(field), .. } if field == "rows"),
        "{rejected:?}"
    );
    let missing = stage.client().clone();
    drop(missing);
}

#[tokio::test]
async fn a_full_service_is_overloaded_here_too() {
    let pair = pair().await;
    let narrow: NarrowClient = pair.here.connect(&pair.url("/Narrow")).await.unwrap();
    let (first, second) = (Meeting::new().await, Meeting::new().await);
    let port = |meeting: &Meeting| u16::try_from(meeting.arguments()["port"].as_u64().unwrap()).unwrap();
    let held = tokio::spawn({
        let (narrow, port) = (narrow.clone(), port(&first));
        async move { narrow.meet(port).await }
    });
    let met = first.met().await;
    let hasty = narrow.with_timeout(Duration::from_millis(500));
    let error = hasty.meet(port(&second)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Overloaded { .. }) && error.proves_not_started(), "{error:?}");
    met.let_go("done").await;
    assert_eq!(held.await.unwrap(), Ok("done".into()));
}

#[tokio::test]
async fn a_deadline_and_a_drop_reach_the_other_side() {
    let pair = pair().await;
    let meeting = Meeting::new().await;
    let port = u16::try_from(meeting.arguments()["port"].as_u64().unwrap()).unwrap();
    let hasty: HastyClient = pair.here.connect(&pair.url("/Hasty")).await.unwrap();
    let (late, mut met) = tokio::join!(hasty.meet(port), meeting.met());
    assert_eq!(late.unwrap_err().kind(), &ErrorKind::DeadlineExceeded);
    met.gone().await;
    let stage = pair.stage().await;
    let call = tokio::spawn(async move { stage.meet(port).await });
    let mut met = meeting.met().await;
    call.abort();
    met.gone().await;
}

#[tokio::test]
async fn more_calls_than_connections_are_kept_all_arrive() {
    let pair = pair().await;
    let stage = pair.stage().await;
    let calls = (0..300).map(|number| stage.echo(number.to_string()));
    for (number, reply) in futures_util::future::join_all(calls).await.into_iter().enumerate() {
        assert_eq!(reply, Ok(number.to_string()));
    }
}

/// Another group of a service is bound to the same URL.
#[tokio::test]
async fn a_spawned_group_has_its_dependencies() {
    use crate::interface::{Caller, CallerClient};
    let peer =
        crate::scripted::Scripted::start([crate::scripted::Step::Write(crate::scripted::json("200 OK", "\"hi\""))])
            .await;
    let node = Node::builder().service::<Stage>().start().await.unwrap();
    let error = node.spawn::<Caller>(&Settings { traffic: Traffic::default(), ..Settings::default() }).await;
    assert!(error.is_ok(), "nobody is there, and that is no error");
    let caller: CallerClient = node.client().unwrap();
    assert!(matches!(caller.greet("Ada".into()).await.unwrap_err().kind(), ErrorKind::NotStarted { .. }));
    drop(peer);
}
