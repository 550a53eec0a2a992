//! Workers that fail, and what becomes of them, of their group and of the calls.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use playhouse_actors::{ErrorKind, GroupStatus, Result, Runtime, Settings, StartError, service};
use support::{begin, gauge, here, settle, simulate, stats};
use tokio::time::Instant;

thread_local! {
    /// How often the next constructors fail, and whether by a panic.
    static TO_FAIL: Cell<(u32, bool)> = const { Cell::new((0, false)) };
    static ALIVE: Cell<bool> = const { Cell::new(true) };
    static READY: Cell<bool> = const { Cell::new(true) };
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn log(entry: &str) {
    LOG.with_borrow_mut(|log| log.push(entry.to_owned()));
}

/// A service that can be made to fail in every way.
pub struct Fragile {
    served: Cell<u32>,
}

#[service(workers = 1, restart(max_restarts = 3, period = "60s", backoff_min = "100ms", backoff_max = "10s"))]
impl Fragile {
    #[init]
    fn new() -> Result<Self> {
        let (left, by_panic) = TO_FAIL.get();
        if left > 0 {
            TO_FAIL.set((left - 1, by_panic));
            assert!(!by_panic, "the constructor panicked as it was told");
            return Err("no luck\nmore lines".into());
        }
        Ok(Self { served: Cell::new(0) })
    }

    #[ready]
    fn is_ready(&self) -> bool {
        READY.get()
    }

    #[alive]
    fn is_alive(&self) -> bool {
        ALIVE.get() || self.served.get() == 0
    }

    #[shutdown]
    async fn close(&self) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        log("closed");
    }

    #[api]
    async fn serve(&self) -> Result<u32> {
        self.served.set(self.served.get() + 1);
        Ok(self.served.get())
    }

    #[api]
    async fn wait(&self, ms: u64) -> Result<u32> {
        let _here = gauge().enter();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        self.serve().await
    }

    #[api]
    async fn panic(&self, message: String) -> Result<()> {
        panic!("{message}");
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        log("dropped");
    }
}

/// Calls `Fragile`, so that a drain has an order.
pub struct Caller(FragileClient);

#[service(workers = 1)]
impl Caller {
    #[init]
    fn new(fragile: FragileClient) -> Self {
        Caller(fragile)
    }

    #[api]
    async fn wait_then_serve(&self, ms: u64) -> Result<u32> {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(self.0.serve().await?)
    }

    #[shutdown]
    fn close(&self) {
        log("caller closed");
    }
}

async fn fragile() -> (Runtime, FragileClient) {
    let runtime = here().service::<Fragile>().start().await.unwrap();
    let client = runtime.client().unwrap();
    (runtime, client)
}

fn status(runtime: &Runtime) -> GroupStatus {
    runtime.groups()[0].status()
}

async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn a_panic_is_the_callers_error_and_others_go_on() {
    simulate(|| async {
        let (runtime, fragile) = fragile().await;
        assert_eq!(fragile.serve().await, Ok(1));
        let mut other = Box::pin(fragile.wait(50));
        begin(&mut other);
        settle().await;
        let error = fragile.panic("poison".into()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Panicked { message: "poison".into() });
        // While the old worker finishes, what comes now waits for the new one.
        let mut later = Box::pin(fragile.serve());
        begin(&mut later);
        assert_eq!(other.await, Ok(2), "it ran on in the worker that panicked");
        assert_eq!(later.await, Ok(1), "a new worker, which has served nothing before");
        let stats = stats(&runtime, "Fragile");
        assert_eq!((stats.panicked, stats.restarted), (1, 1));
    });
}

#[test]
fn poisoned_input_cannot_bring_a_group_down() {
    simulate(|| async {
        let (runtime, fragile) = fragile().await;
        for _ in 0..20 {
            fragile.serve().await.unwrap();
            fragile.panic("poison".into()).await.unwrap_err();
        }
        assert_eq!(status(&runtime), GroupStatus::Up);
        assert_eq!(fragile.serve().await, Ok(1));
    });
}

#[test]
fn a_group_that_fails_at_every_first_message_is_failed_and_comes_back() {
    simulate(|| async {
        let (runtime, fragile) = fragile().await;
        for _ in 0..4 {
            let error = fragile.panic("at once".into()).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Panicked { .. }), "{error}");
        }
        settle().await;
        let GroupStatus::Failed(failure) = status(&runtime) else { panic!("the intensity is exceeded") };
        assert_eq!((failure.reason.as_str(), failure.failures), ("its first message panicked: at once", 4));
        let start = Instant::now();
        let error = fragile.serve().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error}");
        assert_eq!(start.elapsed(), Duration::ZERO, "nobody waits for a failed group");
        until(|| status(&runtime) == GroupStatus::Up).await;
        assert!(start.elapsed() >= Duration::from_secs(5), "after the longest back-off");
        assert_eq!(fragile.serve().await, Ok(1));
    });
}

#[test]
fn a_constructor_that_fails_a_few_times_is_tried_again() {
    simulate(|| async {
        for by_panic in [false, true] {
            TO_FAIL.set((3, by_panic));
            let start = Instant::now();
            let (_runtime, fragile) = fragile().await;
            assert!(start.elapsed() >= Duration::from_millis(350), "half of 100 + 200 + 400 ms at least");
            assert_eq!(fragile.serve().await, Ok(1));
        }
    });
}

#[test]
fn a_constructor_that_always_fails_is_the_reason_why_nothing_starts() {
    simulate(|| async {
        TO_FAIL.set((u32::MAX, false));
        let started = here().service::<Fragile>().start().await;
        let Err(error @ StartError::Failed { .. }) = started else { panic!("it cannot start") };
        assert_eq!(error.to_string(), "Fragile did not start: its constructor failed: no luck");
    });
}

#[test]
fn what_waits_when_a_group_fails_is_answered_at_once() {
    simulate(|| async {
        let (_runtime, fragile) = fragile().await;
        for _ in 0..3 {
            fragile.panic("first".into()).await.unwrap_err();
        }
        // All of them are in the mailbox before the new worker begins.
        let calls = (fragile.panic("last".into()), fragile.serve(), fragile.serve());
        TO_FAIL.set((1, false));
        let (first, second, third) = tokio::join!(calls.0, calls.1, calls.2);
        assert!(first.is_err());
        for error in [second.unwrap_err(), third.unwrap_err()] {
            assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error}");
        }
    });
}

#[test]
fn a_worker_that_is_not_alive_is_replaced() {
    simulate(|| async {
        let (runtime, fragile) = fragile().await;
        assert_eq!([fragile.serve().await, fragile.serve().await], [Ok(1), Ok(2)]);
        ALIVE.set(false);
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(fragile.serve().await, Ok(1), "a fresh one");
        assert_eq!(status(&runtime), GroupStatus::Up);
        ALIVE.set(true);
    });
}

#[test]
fn readiness_is_the_services_own_word() {
    simulate(|| async {
        let (runtime, _fragile) = fragile().await;
        assert!(runtime.groups()[0].is_ready());
        READY.set(false);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(!runtime.groups()[0].is_ready());
        READY.set(true);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(runtime.groups()[0].is_ready());
    });
}

#[test]
fn a_drain_finishes_what_was_accepted_callers_first() {
    simulate(|| async {
        let runtime = here().service::<Fragile>().service::<Caller>().start().await.unwrap();
        let caller: CallerClient = runtime.client().unwrap();
        let mut accepted = Box::pin(caller.wait_then_serve(100));
        begin(&mut accepted);
        settle().await;
        let (drained, answer, refused) = tokio::join!(runtime.drain(Duration::from_secs(5)), accepted, async {
            tokio::task::yield_now().await;
            caller.wait_then_serve(0).await
        });
        assert_eq!(answer, Ok(1), "what it depends on was still there");
        assert!(drained.given_up.is_empty());
        let refused = refused.unwrap_err();
        assert!(refused.proves_not_started() && refused.is_retryable(), "{refused}");
        assert_eq!(LOG.take(), ["caller closed", "closed", "dropped"]);
        assert!(runtime.groups().is_empty());
    });
}

#[test]
fn a_drain_gives_up_at_its_limit_and_says_so() {
    simulate(|| async {
        let (runtime, fragile) = fragile().await;
        let mut endless = Box::pin(fragile.wait(100_000));
        begin(&mut endless);
        settle().await;
        let start = Instant::now();
        let (drained, answer) = tokio::join!(runtime.drain(Duration::from_secs(2)), endless);
        assert_eq!(drained.given_up.len(), 1);
        assert_eq!(drained.given_up[0].1, 1);
        assert_eq!(answer.unwrap_err().kind(), &ErrorKind::Cancelled);
        assert!(start.elapsed() < Duration::from_secs(3));
        assert_eq!(gauge().count(), 0);
    });
}

#[test]
fn a_service_that_cannot_be_had_leaves_nothing_behind() {
    simulate(|| async {
        let runtime = here().service::<Caller>().service::<Fragile>().start().await.unwrap();
        TO_FAIL.set((u32::MAX, false));
        let error = runtime.spawn::<Fragile>(&Settings::default()).await.unwrap_err();
        assert!(matches!(error, StartError::Failed { .. }), "{error}");
        assert_eq!(runtime.groups().len(), 2);
        TO_FAIL.set((0, false));
    });
}
