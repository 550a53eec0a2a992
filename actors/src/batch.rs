//! When to run a batch, and with how many messages: a pure decision.
//!
//! Busy-driven: a batch is what gathered while the worker was busy, so that load makes batches large and no timer is
//! needed. With `max_latency` a batch that is smaller than the one before waits for more, at most so long; since at one
//! call in flight the batch before had one message too, such a call never waits.
//!
//! Budget: a decision looks once at each message that it takes; 64 waiting messages cost under 200 ns.

use std::time::Duration;

use tokio::time::Instant;

/// The bounds of one batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchPolicy {
    /// The most messages in one batch; at least 1.
    pub max_size: usize,
    /// How long the first message of a batch may wait for more; `None`: not at all.
    pub max_latency: Option<Duration>,
    /// The most that the messages of one batch may cost together. A message that costs more by itself runs alone.
    pub max_cost: Option<u64>,
}

/// A waiting message, as far as the decision needs it.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// When it was admitted.
    pub arrived: Instant,
    /// When nobody wants its answer any more.
    pub deadline: Instant,
    /// What it costs, in the unit of [`BatchPolicy::max_cost`].
    pub cost: u64,
}

/// What to do with the messages that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing waits.
    Empty,
    /// Run the first so many, now.
    Take(usize),
    /// More may come: decide again then, or when a message arrives.
    WaitUntil(Instant),
}

/// The decision, and what it remembers of the batch before.
#[derive(Clone, Debug)]
pub struct Batcher {
    policy: BatchPolicy,
    /// How many messages can be expected to gather: as many as the last batch had.
    expected: usize,
    /// How long the last batch ran: what a deadline must leave room for.
    run_time: Duration,
}

impl Batcher {
    /// A batcher that has seen nothing yet: its first batch does not wait.
    #[must_use]
    pub fn new(policy: BatchPolicy) -> Self {
        Self { policy, expected: 1, run_time: Duration::ZERO }
    }

    /// Decides about the messages that wait, the oldest first.
    pub fn decide(&self, waiting: impl ExactSizeIterator<Item = Waiting>, now: Instant) -> Decision {
        let gathered = waiting.len();
        let Some(fitting) = self.fitting(waiting) else {
            return Decision::Empty;
        };
        let full = fitting.count == self.policy.max_size || fitting.count < gathered;
        let Some(max_latency) = self.policy.max_latency.filter(|_| !full && gathered < self.expected) else {
            return Decision::Take(fitting.count);
        };
        // A deadline nearer than the run time is missed either way: `checked_sub` then means at once.
        let latest_start = fitting.earliest_deadline.checked_sub(self.run_time).unwrap_or(now);
        let due = latest_start.min(fitting.first.arrived + max_latency);
        if due <= now { Decision::Take(fitting.count) } else { Decision::WaitUntil(due) }
    }

    /// Learns from a batch that was taken.
    pub fn took(&mut self, size: usize) {
        self.expected = size.max(1);
    }

    /// Learns from a batch that has run.
    pub fn ran(&mut self, run_time: Duration) {
        self.run_time = run_time;
    }

    fn fitting(&self, mut waiting: impl Iterator<Item = Waiting>) -> Option<Fitting> {
        let first = waiting.next()?;
        let max_cost = self.policy.max_cost.unwrap_or(u64::MAX);
        let mut fitting = Fitting { count: 1, first, earliest_deadline: first.deadline };
        let mut cost = first.cost;
        for message in waiting.take(self.policy.max_size.saturating_sub(1)) {
            cost = cost.saturating_add(message.cost);
            if cost > max_cost {
                break;
            }
            fitting.count += 1;
            fitting.earliest_deadline = fitting.earliest_deadline.min(message.deadline);
        }
        Some(fitting)
    }
}

/// The messages that fit into one batch.
struct Fitting {
    count: usize,
    first: Waiting,
    earliest_deadline: Instant,
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
