//! Calls in one process: how values move, deadlines, cancellation, admission, errors and their chains.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use playhouse_actors::{
    CallResult, Codec, Encoded, Error, ErrorKind, GraphError, Result, Runtime, StartError, Value, service,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use support::{begin, gauge, here, settle, simulate, stats};
use tokio::time::Instant;

/// Cannot be serialised: if it arrives, it was moved.
#[derive(Clone, Debug, PartialEq, schemars::JsonSchema)]
pub struct Unwritable(String);

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("a local call was serialised"))
    }
}

impl<'de> Deserialize<'de> for Unwritable {
    fn deserialize<D: Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        Err(serde::de::Error::custom("a local call was deserialised"))
    }
}

/// The innermost service.
pub struct Base;

#[service(workers = 1, slots = 1, traffic(max_concurrency = 2, timeout = "10s"))]
impl Base {
    #[init]
    fn new() -> Self {
        Base
    }

    #[api]
    async fn double(&self, number: i64) -> Result<i64> {
        Ok(number * 2)
    }

    #[api]
    async fn wait(&self, ms: u64) -> Result<u64> {
        let _here = gauge().enter();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(ms)
    }

    #[api]
    async fn keep(&self, value: Unwritable) -> Result<Unwritable> {
        Ok(value)
    }

    #[api]
    async fn fail(&self, code: String) -> Result<()> {
        Err(Error::service(code, "as was asked").into())
    }

    #[api]
    async fn lose(&self, number: String) -> Result<u8> {
        Ok(number.parse()?)
    }
}

/// One side of the diamond.
pub struct Left(BaseClient);

#[service(workers = 1, traffic(timeout = "1s"))]
impl Left {
    #[init]
    fn new(base: BaseClient) -> Self {
        Left(base)
    }

    #[api]
    async fn double(&self, number: i64) -> Result<i64> {
        Ok(self.0.double(number).await?)
    }

    #[api]
    async fn wait(&self, ms: u64) -> Result<u64> {
        Ok(self.0.wait(ms).await?)
    }

    #[api]
    async fn fail(&self, code: String) -> Result<()> {
        Ok(self.0.fail(code).await?)
    }
}

/// The other side.
pub struct Right(BaseClient);

#[service(workers = 1)]
impl Right {
    #[init]
    async fn new(base: BaseClient) -> Result<Self> {
        // A constructor can call what it depends on: that has been started.
        assert_eq!(base.double(1).await?, 2);
        Ok(Right(base))
    }

    #[api]
    async fn triple(&self, number: i64) -> Result<i64> {
        Ok(self.0.double(number).await? + number)
    }
}

/// The top of the diamond.
pub struct Front {
    left: LeftClient,
    right: RightClient,
}

#[service(workers = 1)]
impl Front {
    #[init]
    fn new(left: LeftClient, right: RightClient) -> Self {
        Front { left, right }
    }

    #[api]
    async fn both(&self, number: i64) -> Result<i64> {
        let (left, right) = tokio::join!(self.left.double(number), self.right.triple(number));
        Ok(left? + right?)
    }

    #[api]
    async fn fail(&self, code: String) -> Result<()> {
        Ok(self.left.fail(code).await?)
    }
}

async fn base() -> (Runtime, BaseClient) {
    let runtime = here().service::<Base>().start().await.unwrap();
    let client = runtime.client().unwrap();
    (runtime, client)
}

fn kind<T: std::fmt::Debug>(result: CallResult<T>) -> ErrorKind {
    result.expect_err("this call fails").kind().clone()
}

#[test]
fn a_local_call_moves_its_value() {
    simulate(|| async {
        let (_runtime, base) = base().await;
        let value = Unwritable("moved".into());
        assert_eq!(base.keep(value.clone()).await, Ok(value));
    });
}

#[test]
fn a_diamond_answers_and_starts_in_order() {
    simulate(|| async {
        let runtime =
            here().service::<Front>().service::<Left>().service::<Right>().service::<Base>().start().await.unwrap();
        let front: FrontClient = runtime.client().unwrap();
        assert_eq!(front.both(5).await, Ok(25));
        let order: Vec<_> = runtime.descriptions().iter().map(|description| description.name).collect();
        assert_eq!(order, ["Base", "Left", "Right", "Front"]);
    });
}

#[test]
fn a_missing_service_is_an_error_with_the_path() {
    simulate(|| async {
        let started = here().service::<Front>().service::<Left>().service::<Right>().start().await;
        let Err(StartError::Graph(GraphError::Missing { path })) = started else { panic!("it must not start") };
        assert_eq!(path, ["Front", "Left", "Base"]);
    });
}

#[test]
fn encoded_bodies_come_through_the_same_door() {
    simulate(|| async {
        let (runtime, _) = base().await;
        let base = runtime.any_client("Base").unwrap();
        let body = |text: &'static str| Encoded::new(Codec::Json, text);
        let answer = base.call("double", body(r#"{"number": 21}"#), Codec::Json).await.unwrap();
        assert_eq!(&answer.head[..], b"42");
        let packed = Encoded::encode(&base::Double { number: 4 }, Codec::Msgpack).unwrap();
        let answer = base.call("double", packed, Codec::Msgpack).await.unwrap();
        assert_eq!(answer.decode::<i64>(), Ok(8));
    });
}

#[test]
fn bad_input_is_rejected_before_it_takes_a_place() {
    simulate(|| async {
        let (runtime, _) = base().await;
        let base = runtime.any_client("Base").unwrap();
        let table = [
            ("double", r#"{"number": "x"}"#, "number: "),
            ("double", r#"{"nummer": 1}"#, "unknown field `nummer`, expected `number`"),
            ("double", r#"{}"#, "missing field `number`"),
            ("double", r#"{"number": 1"#, "EOF while parsing"),
            ("dubble", r#"{}"#, "no method `dubble`, only double, wait, keep, fail, lose"),
        ];
        for (method, body, message) in table {
            let error = base.call(method, Encoded::new(Codec::Json, body), Codec::Json).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Rejected { .. }), "{body}: {error:?}");
            assert!(error.to_string().contains(message), "{body}: {error}");
        }
        assert_eq!(stats(&runtime, "Base").ran, 0);
    });
}

#[test]
fn any_error_of_a_method_reaches_the_caller() {
    simulate(|| async {
        let (_runtime, base) = base().await;
        let error = base.lose("many".into()).await.unwrap_err();
        assert_eq!(error.to_string(), "Base.lose: invalid digit found in string");
    });
}

#[test]
fn an_error_names_the_services_it_passed() {
    simulate(|| async {
        let runtime =
            here().service::<Front>().service::<Left>().service::<Right>().service::<Base>().start().await.unwrap();
        let front: FrontClient = runtime.client().unwrap();
        let error = front.fail("broken".into()).await.unwrap_err();
        assert_eq!(error.to_string(), "Front.fail: Left.fail: Base.fail: as was asked");
        assert!(matches!(error.kind(), ErrorKind::Service { code, .. } if code == "broken"));
    });
}

#[test]
fn a_deadline_ends_the_call_and_the_work() {
    simulate(|| async {
        let (runtime, base) = base().await;
        let start = Instant::now();
        assert_eq!(kind(base.with_timeout(Duration::from_millis(30)).wait(500).await), ErrorKind::DeadlineExceeded);
        assert_eq!(start.elapsed(), Duration::from_millis(30));
        settle().await;
        assert_eq!(gauge().count(), 0, "the work was dropped where it awaited");
        let stats = stats(&runtime, "Base");
        assert_eq!((stats.expired, stats.cancelled, stats.in_flight, stats.depth), (1, 0, 0, 0));
    });
}

#[test]
fn a_deadline_is_inherited() {
    simulate(|| async {
        let runtime = here().service::<Base>().service::<Left>().start().await.unwrap();
        let left: LeftClient = runtime.client().unwrap();
        let start = Instant::now();
        assert_eq!(kind(left.wait(5_000).await), ErrorKind::DeadlineExceeded, "Left has 1 s, Base would have 10");
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        settle().await;
        assert_eq!(gauge().count(), 0);
    });
}

#[test]
fn a_call_that_is_dropped_while_it_waits_leaves_the_mailbox_at_once() {
    simulate(|| async {
        let (runtime, base) = base().await;
        let running = tokio::task::spawn_local({
            let base = base.clone();
            async move { base.wait(100).await }
        });
        settle().await;
        let mut waiting = Box::pin(base.wait(100));
        begin(&mut waiting);
        assert_eq!(stats(&runtime, "Base").depth, 1);
        assert!(matches!(kind(base.double(1).await), ErrorKind::Overloaded { .. }), "two places are taken");
        drop(waiting);
        let after = stats(&runtime, "Base");
        assert_eq!((after.depth, after.cancelled, after.shed), (0, 1, 1));
        let next = base.double(2);
        assert_eq!(running.await.unwrap(), Ok(100));
        assert_eq!(next.await, Ok(4));
    });
}

#[test]
fn a_call_that_is_dropped_while_it_runs_cancels_the_work_and_frees_the_slot() {
    simulate(|| async {
        let (runtime, base) = base().await;
        let mut running = Box::pin(base.wait(1_000));
        begin(&mut running);
        settle().await;
        assert_eq!((gauge().count(), stats(&runtime, "Base").in_flight), (1, 1));
        drop(running);
        let start = Instant::now();
        assert_eq!(base.double(3).await, Ok(6), "one slot: the call before has left it");
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(gauge().count(), 0);
        assert_eq!(stats(&runtime, "Base").cancelled, 1);
    });
}

#[test]
fn what_is_told_runs_without_a_caller() {
    simulate(|| async {
        let (runtime, base) = base().await;
        base.client().tell(base::Wait { ms: 50 }).unwrap();
        settle().await;
        assert_eq!(gauge().count(), 1);
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!((gauge().count(), stats(&runtime, "Base").ran), (0, 1));
        base.client().with_timeout(Duration::from_millis(30)).tell(base::Wait { ms: 5_000 }).unwrap();
        base.client().tell(base::Wait { ms: 1 }).unwrap();
        let full = base.client().tell(base::Wait { ms: 1 }).unwrap_err();
        assert!(matches!(full.kind(), ErrorKind::Overloaded { .. }), "who tells learns that it was not taken");
        tokio::time::sleep(Duration::from_millis(40)).await;
        let after = stats(&runtime, "Base");
        assert_eq!((after.expired, after.in_flight, after.depth, gauge().count()), (1, 0, 0, 0));
    });
}

#[test]
fn a_broadcast_reaches_every_replica() {
    simulate(|| async {
        let (runtime, base) = base().await;
        let second = runtime.spawn::<Base>(&playhouse_actors::Settings::default()).await.unwrap();
        let answers = base.client().broadcast(base::Double { number: 7 }).await;
        assert_eq!(answers.iter().map(|(_, answer)| answer.clone().unwrap()).collect::<Vec<_>>(), [14, 14]);
        assert_eq!(answers[1].0, second);
        assert!(runtime.stop(&second, Duration::from_secs(1)).await);
        assert_eq!(base.client().broadcast(base::Double { number: 7 }).await.len(), 1);
    });
}

#[test]
fn a_full_replica_passes_a_call_on_to_another() {
    simulate(|| async {
        let (runtime, base) = base().await;
        runtime.spawn::<Base>(&playhouse_actors::Settings::default()).await.unwrap();
        // Two replicas of two places: the fourth finds one wherever it looks first, the fifth does not.
        let mut calls: Vec<_> = (0..4).map(|_| Box::pin(base.wait(100))).collect();
        for call in &mut calls {
            begin(call);
        }
        assert!(matches!(kind(base.wait(1).await), ErrorKind::Overloaded { .. }));
        for call in calls {
            assert_eq!(call.await, Ok(100));
        }
    });
}

#[test]
fn nothing_is_left_behind_by_a_crowd_of_abandoned_calls() {
    simulate(|| async {
        let (runtime, base) = base().await;
        for round in 0..200_u64 {
            let call = base.wait(10 + round % 3);
            let _ = tokio::time::timeout(Duration::from_millis(round % 13), call).await;
        }
        settle().await;
        let stats = stats(&runtime, "Base");
        assert_eq!((stats.depth, stats.in_flight, gauge().count()), (0, 0, 0));
        assert_eq!(base.double(1).await, Ok(2));
    });
}

fn is_value<T: Value>() {}

#[test]
fn messages_are_values() {
    is_value::<base::Double>();
    let stored = serde_json::to_string(&base::Double { number: 1 }).unwrap();
    assert_eq!(stored, r#"{"number":1}"#);
}
