//! What the messages of one method came to.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::histogram::{BATCH_BOUNDS, Histogram, HistogramStats, TIME_BOUNDS};
use super::{as_ns, bump, count};
use crate::description::{MethodDescription, MethodKind};
use crate::outcome::CallOutcome;

/// What the calls of one method came to, in a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodStats {
    /// The method's name.
    pub method: &'static str,
    /// How often calls ended in each way, by the number of the outcome.
    outcomes: [u64; CallOutcome::COUNT],
    /// The part of them that no worker answered.
    unanswered: [u64; CallOutcome::COUNT],
    /// How long calls waited before they ran, in nanoseconds, of those that ran.
    pub queue_ns: HistogramStats,
    /// How long calls ran, in nanoseconds; each member of a batch counts with the time of the batch.
    pub run_ns: HistogramStats,
    /// Both together.
    pub duration_ns: HistogramStats,
    /// How many calls ran together, for a method that takes batches.
    pub batches: Option<HistogramStats>,
    /// Items sent, for a method that answers by a stream.
    pub items: Option<u64>,
    /// Streams that are open now.
    pub streams: usize,
}

impl MethodStats {
    /// A method that has not been called.
    pub(crate) fn new(description: &MethodDescription) -> Self {
        Self {
            method: description.name,
            outcomes: [0; CallOutcome::COUNT],
            unanswered: [0; CallOutcome::COUNT],
            queue_ns: HistogramStats::new(&TIME_BOUNDS),
            run_ns: HistogramStats::new(&TIME_BOUNDS),
            duration_ns: HistogramStats::new(&TIME_BOUNDS),
            batches: (description.kind == MethodKind::Batch).then(|| HistogramStats::new(&BATCH_BOUNDS)),
            items: (description.kind == MethodKind::Stream).then_some(0),
            streams: 0,
        }
    }

    /// How many calls ended in a certain way.
    #[must_use]
    pub fn ended(&self, outcome: CallOutcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    /// Calls that were refused because the mailbox was full.
    #[must_use]
    pub fn shed(&self) -> u64 {
        self.unanswered[CallOutcome::Overloaded as usize]
    }

    /// Calls whose deadline passed before they were answered.
    #[must_use]
    pub fn expired(&self) -> u64 {
        self.unanswered[CallOutcome::DeadlineExceeded as usize]
    }

    /// Calls that were withdrawn: by their callers, or by a drain that came to its limit.
    #[must_use]
    pub fn cancelled(&self) -> u64 {
        self.unanswered[CallOutcome::Cancelled as usize]
    }
}

fn add_each(sums: &mut [u64], counts: &[u64]) {
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

/// The counters of one method on one seat. Only the worker's thread writes, so nothing is contended.
#[repr(align(128))]
pub(crate) struct MethodCounters {
    outcomes: [AtomicU64; CallOutcome::COUNT],
    queue_ns: Histogram<{ TIME_BOUNDS.len() }>,
    run_ns: Histogram<{ TIME_BOUNDS.len() }>,
    duration_ns: Histogram<{ TIME_BOUNDS.len() }>,
    batches: Histogram<{ BATCH_BOUNDS.len() }>,
    items: AtomicU64,
    streams: AtomicUsize,
}

impl MethodCounters {
    pub(crate) fn new() -> Self {
        Self {
            outcomes: std::array::from_fn(|_| AtomicU64::new(0)),
            queue_ns: Histogram::new(&TIME_BOUNDS),
            run_ns: Histogram::new(&TIME_BOUNDS),
            duration_ns: Histogram::new(&TIME_BOUNDS),
            batches: Histogram::new(&BATCH_BOUNDS),
            items: AtomicU64::new(0),
            streams: AtomicUsize::new(0),
        }
    }

    /// A message has run.
    pub(super) fn ran(&self, waited: Duration, running: Duration) {
        self.queue_ns.record(as_ns(waited));
        self.run_ns.record(as_ns(running));
        self.duration_ns.record(as_ns(waited + running));
    }

    /// So many messages have run together.
    pub(crate) fn batch(&self, messages: usize) {
        self.batches.record(messages as u64);
    }

    /// A message was answered, or given up while it ran.
    pub(crate) fn ended(&self, outcome: CallOutcome) {
        bump(&self.outcomes[outcome as usize], 1);
    }

    /// A stream has sent so many items more.
    pub(crate) fn items(&self, items: u64) {
        bump(&self.items, items);
    }

    /// Streams that run now. Not as the counters: a figure lost would stay wrong for ever.
    pub(crate) fn streams(&self) -> &AtomicUsize {
        &self.streams
    }

    pub(super) fn add_to(&self, stats: &mut MethodStats) {
        add_each(&mut stats.outcomes, &load(&self.outcomes));
        self.queue_ns.add_to(&mut stats.queue_ns);
        self.run_ns.add_to(&mut stats.run_ns);
        self.duration_ns.add_to(&mut stats.duration_ns);
        if let Some(batches) = &mut stats.batches {
            self.batches.add_to(batches);
        }
        if let Some(items) = &mut stats.items {
            *items += self.items.load(Ordering::Relaxed);
        }
    }
}

/// How messages of one method ended that no worker answered. Anybody may write: all on rare paths.
pub(crate) struct Unanswered([AtomicU64; CallOutcome::COUNT]);

impl Unanswered {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    pub(super) fn count(&self, outcome: CallOutcome) {
        count(&self.0[outcome as usize]);
    }

    pub(super) fn of(&self, outcome: CallOutcome) -> u64 {
        self.0[outcome as usize].load(Ordering::Relaxed)
    }

    pub(super) fn add_to(&self, stats: &mut MethodStats) {
        let counts = load(&self.0);
        add_each(&mut stats.outcomes, &counts);
        add_each(&mut stats.unanswered, &counts);
    }
}

fn load(counters: &[AtomicU64; CallOutcome::COUNT]) -> [u64; CallOutcome::COUNT] {
    std::array::from_fn(|index| counters[index].load(Ordering::Relaxed))
}
