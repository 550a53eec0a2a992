//! Counts calls, and how long they take.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::Instant;

/// With more calls in flight than this, only some are timed: reading the clock is not free.
const TIME_ALL_MAX: usize = 4;
const TIME_ONE_IN: u64 = 16;

/// What was measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figures {
    calls: u64,
    seconds: f64,
    p50_us: f64,
    p99_us: f64,
    /// How many other calls were made meanwhile.
    beside: u64,
}

/// What callers have in common.
#[derive(Default)]
struct Counted {
    done: Cell<u64>,
    times: RefCell<Vec<Duration>>,
    ended: Cell<bool>,
}

/// Keeps so many calls in flight for so long, each in a task of its own.
pub(crate) async fn measure<F: Future<Output = ()> + 'static>(
    in_flight: usize,
    seconds: f64,
    call: impl Fn() -> F + Clone + 'static,
) -> Figures {
    let counted = Rc::new(Counted::default());
    let one_in = if in_flight <= TIME_ALL_MAX { 1 } else { TIME_ONE_IN };
    let began = Instant::now();
    let callers: Vec<_> =
        (0..in_flight).map(|_| spawn_local(keep_calling(call.clone(), Rc::clone(&counted), one_in))).collect();
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    let (calls, elapsed) = (counted.done.get(), began.elapsed());
    counted.ended.set(true);
    all(callers).await;
    let mut times = counted.times.take();
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).map_or(0.0, |time| time.as_secs_f64() * 1e6);
    Figures { calls, seconds: elapsed.as_secs_f64(), p50_us: at(0.5), p99_us: at(0.99), beside: 0 }
}

/// Measures while another call is in flight, again and again.
pub(crate) async fn while_running<F: Future<Output = ()> + 'static>(
    call: impl Fn() -> F + 'static,
    measured: impl Future<Output = Figures>,
) -> Figures {
    let beside = Rc::new(Counted::default());
    let other = spawn_local(keep_calling(call, Rc::clone(&beside), 1));
    let figures = measured.await;
    beside.ended.set(true);
    all(vec![other]).await;
    Figures { beside: beside.done.get(), ..figures }
}

async fn keep_calling<F: Future<Output = ()>>(call: impl Fn() -> F, counted: Rc<Counted>, one_in: u64) {
    while !counted.ended.get() {
        let began = counted.done.get().is_multiple_of(one_in).then(Instant::now);
        call().await;
        counted.done.set(counted.done.get() + 1);
        if let Some(began) = began {
            counted.times.borrow_mut().push(began.elapsed());
        }
    }
}

async fn all(callers: Vec<JoinHandle<()>>) {
    for caller in callers {
        caller.await.expect("a caller");
    }
}
