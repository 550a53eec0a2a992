//! What the tests of the core share.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use playhouse_actors::{Builder, Executor, GroupStats, Runtime};
use tokio::task::LocalSet;

/// Runs a test on one thread whose clock stands still except while everything waits.
pub fn simulate<F: Future>(test: impl FnOnce() -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, test())
}

/// A runtime whose workers all run on the calling thread.
pub fn here() -> Builder {
    Runtime::builder(Executor::Current)
}

/// The statistics of a service's only group.
pub fn stats(runtime: &Runtime, service: &str) -> GroupStats {
    let groups = runtime.groups();
    let of_service = groups.iter().filter(|running| running.group().service() == service);
    of_service.map(|running| running.group().stats()).next().expect("the service runs here")
}

/// Polls a call once, so that its message is on its way.
pub fn begin<F: Future>(call: &mut Pin<Box<F>>) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(call.as_mut().poll(&mut cx).is_pending(), "a call takes a while");
}

/// Lets everything that can run do so, without moving the clock.
pub async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Counts how often something is alive: handed into a service, it tells when work was dropped.
#[derive(Clone, Default)]
pub struct Gauge(Arc<AtomicUsize>);

impl Gauge {
    pub fn enter(&self) -> Entered {
        self.0.fetch_add(1, Ordering::SeqCst);
        Entered(self.clone())
    }

    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Counted until it is dropped.
pub struct Entered(Gauge);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

thread_local! {
    /// The gauge of the running test: services are made by the runtime, so this is how they get at it.
    pub static GAUGE: Rc<Gauge> = Rc::default();
}

/// The gauge of this thread's test.
pub fn gauge() -> Gauge {
    GAUGE.with(|gauge| Gauge::clone(gauge))
}
