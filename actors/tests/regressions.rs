//! Each test is named for a defect that was found once.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, stream};
use playhouse_actors::{
    AnyClient, CallResult, Codec, Encoded, GroupStatus, Remote, RemoteRequest, ReplicaId, Result, Settings, Traffic,
    service,
};
use support::{begin, gauge, here, settle, simulate, stats};
use tokio::time::Instant;

thread_local! {
    static INIT_MS: Cell<u64> = const { Cell::new(0) };
    static TO_FAIL: Cell<u32> = const { Cell::new(0) };
    static RAN: Cell<u32> = const { Cell::new(0) };
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static BATCHES: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// A service for the tests below.
pub struct Two;
#[service(workers = 2, traffic(timeout = "10s"))]
impl Two {
    #[init]
    async fn new() -> Result<Self> {
        tokio::time::sleep(Duration::from_millis(INIT_MS.get())).await;
        if TO_FAIL.get() > 0 {
            TO_FAIL.set(TO_FAIL.get() - 1);
            return Err("no".into());
        }
        Ok(Two)
    }
    #[shutdown]
    async fn close(&self) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        LOG.with_borrow_mut(|l| l.push("closed".into()));
    }
    #[api]
    async fn ping(&self) -> Result<u32> {
        RAN.set(RAN.get() + 1);
        Ok(1)
    }
    #[api]
    async fn wait(&self, ms: u64) -> Result<u64> {
        let _h = gauge().enter();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(ms)
    }
    #[api]
    async fn panic_after(&self, ms: u64) -> Result<()> {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        panic!("p")
    }
}

/// A service for the tests below.
pub struct One;
#[service(workers = 1, slots = 1, traffic(timeout = "1s", max_concurrency = 8, idle_timeout = "300ms"))]
impl One {
    #[init]
    async fn new() -> Result<Self> {
        tokio::time::sleep(Duration::from_millis(INIT_MS.get())).await;
        if TO_FAIL.get() > 0 {
            TO_FAIL.set(TO_FAIL.get() - 1);
            return Err("no".into());
        }
        Ok(One)
    }
    #[api]
    async fn ping(&self) -> Result<u32> {
        RAN.set(RAN.get() + 1);
        Ok(1)
    }
    #[api]
    async fn wait(&self, ms: u64) -> Result<u64> {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(ms)
    }
    #[api]
    fn count(&self, to: u32, pause: u64) -> impl Stream<Item = Result<u32>> {
        stream::iter(0..to).then(move |n| async move {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Ok(n)
        })
    }
}

/// A service for the tests below.
pub struct Top(OneClient);
#[service(workers = 1)]
impl Top {
    #[init]
    fn new(one: OneClient) -> Self {
        Top(one)
    }
    #[api]
    async fn run(&self) -> Result<u32> {
        RAN.set(RAN.get() + 1);
        Ok(self.0.ping().await?)
    }
    #[api]
    async fn later(&self, ms: u64) -> Result<u32> {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(self.0.ping().await?)
    }
}

/// A service for the tests below.
pub struct Mixed;
#[service(workers = 1)]
impl Mixed {
    #[init]
    fn new() -> Self {
        Mixed
    }
    #[api]
    async fn info(&self) -> Result<u32> {
        Ok(1)
    }
    #[api(batch(max_size = 32, max_latency = "20ms"))]
    async fn embed(&self, xs: Vec<u32>) -> Result<Vec<u32>> {
        BATCHES.with_borrow_mut(|b| b.push(xs.len()));
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(xs)
    }
}

/// A service for the tests below.
pub struct Flaky;
#[service(workers = 1, restart(max_restarts = 0, backoff_max = "1h"))]
impl Flaky {
    #[init]
    fn new() -> Result<Self> {
        if TO_FAIL.get() > 0 {
            TO_FAIL.set(TO_FAIL.get() - 1);
            return Err("no".into());
        }
        Ok(Flaky)
    }
    #[api]
    async fn ping(&self) -> Result<u32> {
        Ok(1)
    }
    #[api]
    async fn panic(&self) -> Result<u32> {
        panic!("x")
    }
}

struct Bridge(ReplicaId, AnyClient);
impl Remote for Bridge {
    fn replica(&self) -> &ReplicaId {
        &self.0
    }
    fn load(&self) -> usize {
        0
    }
    fn call(&self, r: RemoteRequest<'_>) -> BoxFuture<'static, CallResult<Encoded>> {
        let (client, r) = (self.1.clone(), r.into_owned());
        let (tx, rx) = tokio::sync::oneshot::channel();
        tokio::task::spawn_local(async move {
            let _ = tx.send(client.call(&r.method, r.body, r.reply).await);
        });
        Box::pin(async move { rx.await.unwrap() })
    }
    fn stream(&self, _: RemoteRequest<'_>) -> BoxFuture<'static, CallResult<BoxStream<'static, CallResult<Encoded>>>> {
        unreachable!("nothing here streams")
    }
}

/// A service for the tests below.
pub struct Hangs;
#[service(workers = 1)]
impl Hangs {
    #[init]
    async fn new() -> Result<Self> {
        let _here = gauge().enter();
        std::future::pending::<()>().await;
        Ok(Hangs)
    }
    #[api]
    async fn ping(&self) -> Result<u32> {
        Ok(1)
    }
}

/// A service for the tests below.
pub struct NeverAlive;
#[service(workers = 1)]
impl NeverAlive {
    #[init]
    fn new() -> Self {
        RAN.set(RAN.get() + 1);
        NeverAlive
    }
    #[alive]
    fn is_alive(&self) -> bool {
        false
    }
    #[api]
    async fn ping(&self) -> Result<u32> {
        Ok(1)
    }
}

/// A service for the tests below.
pub struct BadDrop;
#[derive(serde::Serialize, schemars::JsonSchema)]
/// A service for the tests below.
pub struct PanicsOnRead(u32);
impl<'de> serde::Deserialize<'de> for PanicsOnRead {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        panic!("in deserialize")
    }
}
#[service(workers = 1)]
impl BadDrop {
    #[init]
    fn new() -> Self {
        BadDrop
    }
    #[api]
    async fn read(&self, value: PanicsOnRead) -> Result<u32> {
        Ok(value.0)
    }
}

#[test]
fn a_call_is_not_left_to_a_worker_that_panicked() {
    simulate(|| async {
        let runtime = here().service::<Two>().start().await.unwrap();
        let two: TwoClient = runtime.client().unwrap();
        two.ping().await.unwrap();
        let mut long = Box::pin(two.wait(5_000));
        begin(&mut long);
        let mut bad = Box::pin(two.panic_after(10));
        begin(&mut bad);
        settle().await;
        bad.await.unwrap_err();
        settle().await;
        let start = Instant::now();
        two.ping().await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(long);
    });
}

#[test]
fn what_waits_in_a_group_that_is_stopped_goes_to_another() {
    simulate(|| async {
        let runtime = here().service::<One>().start().await.unwrap();
        let one: OneClient = runtime.client().unwrap();
        let a = runtime.groups()[0].group().replica().clone();
        let mut running = Box::pin(one.wait(500));
        begin(&mut running);
        let mut waiting = Box::pin(one.ping());
        begin(&mut waiting);
        settle().await;
        runtime.spawn::<One>(&Settings::default()).await.unwrap();
        let (_, answer) = tokio::join!(runtime.stop(&a, Duration::ZERO), waiting);
        assert_eq!(answer, Ok(1));
    });
}

#[test]
fn a_group_that_still_loads_gets_no_calls() {
    simulate(|| async {
        let runtime = here().service::<One>().start().await.unwrap();
        let one: OneClient = runtime.client().unwrap();
        INIT_MS.set(60_000);
        let _spawning = tokio::task::spawn_local({
            let runtime = runtime.clone();
            async move { runtime.spawn::<One>(&Settings::default()).await }
        });
        settle().await;
        let mut failed = 0;
        for _ in 0..20 {
            if one.ping().await.is_err() {
                failed += 1;
            }
        }
        assert_eq!(failed, 0);
    });
}

#[test]
fn a_group_that_is_stopped_while_it_starts_has_no_route() {
    simulate(|| async {
        let runtime = here().service::<One>().start().await.unwrap();
        let one: OneClient = runtime.client().unwrap();
        INIT_MS.set(60_000);
        let spawning = tokio::task::spawn_local({
            let runtime = runtime.clone();
            async move { runtime.spawn::<One>(&Settings::default()).await }
        });
        settle().await;
        let starting = runtime.groups()[1].group().replica().clone();
        assert!(runtime.stop(&starting, Duration::ZERO).await);
        let error = spawning.await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "One was stopped before it was ready");
        assert_eq!(one.client().broadcast(one::Ping {}).await.len(), 1);
    });
}

#[test]
fn failed_groups_get_no_calls() {
    simulate(|| async {
        let runtime = here().service::<Flaky>().start().await.unwrap();
        let flaky: FlakyClient = runtime.client().unwrap();
        // fails at its first message
        for _ in 0..3 {
            runtime.spawn::<Flaky>(&Settings::default()).await.unwrap();
        }
        for group in &runtime.groups()[..3] {
            // poison three of four
            let _ = group;
        }
        let mut down = 0;
        while down < 3 {
            let _ = flaky.panic().await;
            settle().await;
            down = runtime.groups().iter().filter(|g| matches!(g.status(), GroupStatus::Failed(_))).count();
        }
        let mut failed = 0;
        for _ in 0..100 {
            if flaky.ping().await.is_err() {
                failed += 1;
            }
        }
        assert_eq!(failed, 0);
    });
}

#[test]
fn a_stream_cut_short_by_a_drain_is_seen() {
    simulate(|| async {
        let runtime = here().service::<One>().start().await.unwrap();
        let one: OneClient = runtime.client().unwrap();
        let mut items = one.count(1000, 100).await.unwrap();
        assert_eq!(items.next().await, Some(Ok(0)));
        let (_, rest) = tokio::join!(runtime.drain(Duration::from_millis(250)), items.collect::<Vec<_>>());
        assert!(rest.last().unwrap().is_err());
    });
}

#[test]
fn a_stream_cut_short_before_its_first_item_is_seen() {
    simulate(|| async {
        let runtime = here().service::<One>().start().await.unwrap();
        let one: OneClient = runtime.client().unwrap();
        let mut call = Box::pin(one.count(1000, 800));
        begin(&mut call);
        settle().await;
        let (_, answer) = tokio::join!(runtime.drain(Duration::from_millis(100)), call);
        let answer = match answer {
            Ok(items) => Ok(items.collect::<Vec<_>>().await),
            Err(e) => Err(e),
        };
        assert!(answer.is_err());
    });
}

#[test]
fn a_reader_that_stalls_holds_no_slot_for_ever() {
    simulate(|| async {
        let runtime = here().service::<One>().start().await.unwrap();
        let one: OneClient = runtime.client().unwrap();
        let items = one.count(1000, 0).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let answer = one.ping().await;
        drop(items);
        assert_eq!(answer, Ok(1));
    });
}

#[test]
fn a_batch_method_gathers_beside_an_async_one() {
    simulate(|| async {
        let runtime = here().service::<Mixed>().start().await.unwrap();
        let mixed: MixedClient = runtime.client().unwrap();
        let calls = (0..32u64).map(|n| {
            let mixed = mixed.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(n * 3)).await;
                mixed.embed(1).await
            }
        });
        join_all(calls).await;
        let b = BATCHES.take();
        assert!(b.len() < 10);
    });
}

#[test]
fn a_drain_is_callers_first_also_after_a_replacement() {
    simulate(|| async {
        let runtime = here().service::<One>().service::<Top>().start().await.unwrap();
        let top: TopClient = runtime.client().unwrap();
        let old = runtime.groups()[0].group().replica().clone();
        runtime.spawn::<One>(&Settings::default()).await.unwrap();
        runtime.stop(&old, Duration::from_secs(1)).await;
        let mut accepted = Box::pin(top.later(100));
        begin(&mut accepted);
        settle().await;
        let (_, answer) = tokio::join!(runtime.drain(Duration::from_secs(5)), accepted);
        assert_eq!(answer, Ok(1));
    });
}

#[test]
fn a_method_that_ran_is_not_run_again() {
    simulate(|| async {
        let runtime = here().service::<One>().service::<Top>().start().await.unwrap();
        let one = runtime.groups()[0].group().replica().clone();
        runtime.stop(&one, Duration::from_secs(1)).await;
        let top: TopClient = runtime.client().unwrap();
        assert!(!top.run().await.unwrap_err().proves_not_started());
        RAN.set(0);
        let bridge =
            |n| Arc::new(Bridge(ReplicaId::new("Top", n), runtime.any_client("Top").unwrap())) as Arc<dyn Remote>;
        let caller =
            here().remote("Top", bridge(1)).remote("Top", bridge(2)).remote("Top", bridge(3)).start().await.unwrap();
        let far: TopClient = caller.client().unwrap();
        far.run().await.unwrap_err();
        assert_eq!(RAN.get(), 1);
    });
}

#[test]
fn the_timeout_is_the_services_also_beside_a_remote() {
    simulate(|| async {
        let runtime0 = here().service::<One>().start().await.unwrap();
        let bridge = Arc::new(Bridge(ReplicaId::new("One", 9), runtime0.any_client("One").unwrap())) as Arc<dyn Remote>;
        let runtime = here().service::<One>().remote("One", bridge).start().await.unwrap();
        assert_eq!(runtime.any_client("One").unwrap().timeout(), Duration::from_secs(1));
    });
}

#[test]
fn a_timeout_without_end_is_possible() {
    simulate(|| async {
        let runtime = here().service::<One>().start().await.unwrap();
        let one: OneClient = runtime.client().unwrap();
        assert_eq!(one.with_timeout(Duration::MAX).ping().await, Ok(1));
    });
}

#[test]
fn many_workers_may_fail_once_each() {
    simulate(|| async {
        TO_FAIL.set(8);
        let over = Settings { workers: Some(8), ..Settings::default() };
        let started = here().service::<Two>().settings("Two", over).start().await;
        assert!(started.is_ok());
    });
}

#[test]
fn a_drain_at_its_limit_lets_workers_shut_down() {
    simulate(|| async {
        let runtime = here().service::<Two>().start().await.unwrap();
        let two: TwoClient = runtime.client().unwrap();
        let mut long = Box::pin(two.wait(8_000));
        begin(&mut long);
        settle().await;
        let (_, _) = tokio::join!(runtime.drain(Duration::from_millis(100)), long);
        let log = LOG.take();
        assert_eq!(log, ["closed", "closed"]);
    });
}

#[test]
fn a_constructor_that_hangs_is_given_up_at_the_limit() {
    simulate(|| async {
        let runtime = here().service::<One>().start_limit(Duration::from_secs(5)).start().await.unwrap();
        thread_local! { static G: support::Gauge = support::Gauge::default(); }
        runtime.spawn::<Hangs>(&Settings::default()).await.unwrap_err();
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(gauge().count(), 0, "the constructor still runs");
    });
}

#[test]
fn a_service_that_is_never_alive_is_tried_ever_more_rarely() {
    simulate(|| async {
        let _runtime = here().service::<NeverAlive>().start().await.unwrap();
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert!(RAN.get() < 70, "{} times in 300 s", RAN.get());
    });
}

#[test]
fn a_panic_in_decoding_is_the_callers_error() {
    simulate(|| async {
        let runtime = here().service::<BadDrop>().start().await.unwrap();
        let any = runtime.any_client("BadDrop").unwrap();
        let error = any.call("read", Encoded::new(Codec::Json, r#"{"value": 1}"#), Codec::Json).await.unwrap_err();
        assert!(error.to_string().contains("in deserialize"), "{error}");
    });
}

#[test]
fn what_is_told_and_expires_in_the_mailbox_is_dropped() {
    simulate(|| async {
        let runtime = here().service::<One>().start().await.unwrap();
        let one: OneClient = runtime.client().unwrap();
        one.client().tell(one::Wait { ms: 900 }).unwrap();
        settle().await;
        one.client().with_timeout(Duration::from_millis(50)).tell(one::Wait { ms: 1 }).unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(stats(&runtime, "One").depth, 0);
    });
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

/// A service for the tests below.
pub struct Armed;

#[service(workers = 1, slots = 4, traffic(timeout = "100s"))]
impl Armed {
    #[init]
    fn new() -> Self {
        Armed
    }

    #[api]
    async fn armed(&self) -> Result<()> {
        let _bomb = Bomb;
        std::future::pending().await
    }

    #[api]
    async fn plain(&self) -> Result<()> {
        std::future::pending().await
    }
}

#[test]
fn a_destructor_that_panics_at_a_drain_takes_no_other_answer_with_it() {
    simulate(|| async {
        let runtime = here().service::<Armed>().start().await.unwrap();
        let armed: ArmedClient = runtime.client().unwrap();
        let (mut first, mut second, mut third) =
            (Box::pin(armed.armed()), Box::pin(armed.plain()), Box::pin(armed.armed()));
        begin(&mut first);
        begin(&mut second);
        begin(&mut third);
        settle().await;
        let start = Instant::now();
        let (_, first, second, third) = tokio::join!(runtime.drain(Duration::from_millis(100)), first, second, third);
        assert!(first.is_err() && second.is_err() && third.is_err());
        assert!(start.elapsed() < Duration::from_secs(5));
    });
}

/// A service for the tests below.
pub struct Comp;

#[service(workers = 1)]
impl Comp {
    #[init]
    fn new() -> Self {
        Comp
    }

    #[api]
    fn ping(&self) -> Result<u64> {
        Ok(1)
    }

    #[api]
    fn panic(&self) -> Result<u64> {
        panic!("x")
    }
}

#[test]
fn supervision_survives_a_timeout_without_end() {
    simulate(|| async {
        let traffic = Traffic { timeout: Some(Duration::MAX), ..Traffic::default() };
        let over = Settings { traffic, ..Settings::default() };
        let runtime = here().service::<Comp>().settings("Comp", over).start().await.unwrap();
        let comp = runtime.client::<CompClient>().unwrap().with_timeout(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_secs(3)).await;
        comp.panic().await.unwrap_err();
        assert_eq!(comp.ping().await, Ok(1));
    });
}
