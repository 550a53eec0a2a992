//! What a group has done so far: counters that cost a message next to nothing, and snapshots of them.
//!
//! Each seat has its own counters, which its worker's thread alone writes; what happens outside of a worker is rare and
//! counted for the whole group. Whoever wants figures adds them up.

mod histogram;
mod method;
mod service;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;

pub use histogram::{BATCH_BOUNDS, Histogram, HistogramStats, TIME_BOUNDS};
pub use method::MethodStats;
pub use service::{ServiceStats, StatusCounts};

use crate::outcome::CallOutcome;
pub(crate) use method::MethodCounters;
use method::Unanswered;

/// A group's figures at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GroupStats {
    /// Messages that wait.
    pub depth: usize,
    /// Messages that run.
    pub in_flight: usize,
    /// Messages that have run, to an answer of whatever kind or until nobody waited for it.
    pub ran: u64,
    /// The sum of the times they waited.
    pub waited: Duration,
    /// The sum of the times they ran.
    pub running: Duration,
    /// Panics in methods.
    pub panicked: u64,
    /// Workers started again.
    pub restarted: u64,
    /// Messages refused because the mailbox was full.
    pub shed: u64,
    /// Messages whose deadline passed before they were answered.
    pub expired: u64,
    /// Messages that were withdrawn: by their callers, or by a drain that came to its limit.
    pub cancelled: u64,
}

/// The counters of one worker's seat. Only the worker's thread writes, so nothing is contended.
#[repr(align(128))]
pub(crate) struct SeatStats {
    pub(crate) in_flight: AtomicUsize,
    ran: AtomicU64,
    waited_ns: AtomicU64,
    running_ns: AtomicU64,
    panicked: AtomicU64,
    pub(crate) methods: Box<[MethodCounters]>,
}

/// The counters of a group that anybody may write: all on rare paths.
pub(crate) struct RareStats {
    restarted: AtomicU64,
    methods: Box<[Unanswered]>,
}

impl SeatStats {
    pub(crate) fn new(methods: usize) -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            ran: AtomicU64::new(0),
            waited_ns: AtomicU64::new(0),
            running_ns: AtomicU64::new(0),
            panicked: AtomicU64::new(0),
            methods: (0..methods).map(|_| MethodCounters::new()).collect(),
        }
    }

    /// Records a message that has run.
    pub(crate) fn ran(&self, method: usize, waited: Duration, running: Duration) {
        bump(&self.ran, 1);
        bump(&self.waited_ns, as_ns(waited));
        bump(&self.running_ns, as_ns(running));
        self.methods[method].ran(waited, running);
    }

    pub(crate) fn panicked(&self) {
        bump(&self.panicked, 1);
    }

    /// Adds what was counted of one method.
    pub(crate) fn add_method_to(&self, method: usize, stats: &mut MethodStats) {
        self.methods[method].add_to(stats);
    }

    pub(crate) fn add_to(&self, stats: &mut GroupStats) {
        stats.in_flight += self.in_flight.load(Ordering::Relaxed);
        stats.ran += self.ran.load(Ordering::Relaxed);
        stats.waited += Duration::from_nanos(self.waited_ns.load(Ordering::Relaxed));
        stats.running += Duration::from_nanos(self.running_ns.load(Ordering::Relaxed));
        stats.panicked += self.panicked.load(Ordering::Relaxed);
    }
}

impl RareStats {
    pub(crate) fn new(methods: usize) -> Self {
        Self { restarted: AtomicU64::new(0), methods: (0..methods).map(|_| Unanswered::new()).collect() }
    }

    /// A worker was started again.
    pub(crate) fn restarted(&self) {
        count(&self.restarted);
    }

    /// A message ended in this way without an answer of a worker.
    pub(crate) fn ended(&self, method: usize, outcome: CallOutcome) {
        self.methods[method].count(outcome);
    }

    /// Adds what was counted of one method.
    pub(crate) fn add_method_to(&self, method: usize, stats: &mut MethodStats) {
        self.methods[method].add_to(stats);
    }

    pub(crate) fn add_to(&self, stats: &mut GroupStats) {
        let ended = |outcome| self.methods.iter().map(|method| method.of(outcome)).sum();
        stats.restarted = self.restarted.load(Ordering::Relaxed);
        stats.shed = ended(CallOutcome::Overloaded);
        stats.expired = ended(CallOutcome::DeadlineExceeded);
        stats.cancelled = ended(CallOutcome::Cancelled);
    }
}

/// Adds one to a counter that anybody may write.
fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// One writer: a load and a store do, without the cost of an atomic addition. A worker that was given up as frozen
/// may still write beside its successor; a figure lost then is no harm.
fn bump(counter: &AtomicU64, by: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
}

fn as_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
