//! What a group has done so far.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;

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
    /// Messages that their callers withdrew.
    pub cancelled: u64,
}

/// The counters of one worker's seat. Only the worker's thread writes, so nothing is contended.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct SeatStats {
    pub(crate) in_flight: AtomicUsize,
    ran: AtomicU64,
    waited_ns: AtomicU64,
    running_ns: AtomicU64,
    panicked: AtomicU64,
}

/// The counters of a group that anybody may write: all on rare paths.
#[derive(Default)]
pub(crate) struct RareStats {
    pub(crate) restarted: AtomicU64,
    pub(crate) shed: AtomicU64,
    pub(crate) expired: AtomicU64,
    pub(crate) cancelled: AtomicU64,
}

impl SeatStats {
    /// Records messages that have run together: one, or a batch.
    pub(crate) fn ran(&self, messages: usize, waited: Duration, running: Duration) {
        bump(&self.ran, messages as u64);
        bump(&self.waited_ns, as_ns(waited));
        bump(&self.running_ns, as_ns(running) * messages as u64);
    }

    pub(crate) fn panicked(&self) {
        bump(&self.panicked, 1);
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
    pub(crate) fn add_to(&self, stats: &mut GroupStats) {
        stats.restarted = self.restarted.load(Ordering::Relaxed);
        stats.shed = self.shed.load(Ordering::Relaxed);
        stats.expired = self.expired.load(Ordering::Relaxed);
        stats.cancelled = self.cancelled.load(Ordering::Relaxed);
    }
}

/// Adds one to a counter that anybody may write.
pub(crate) fn count(counter: &AtomicU64) {
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
