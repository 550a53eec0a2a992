//! The tasks of one method that have not ended.

use std::collections::BTreeMap;
use std::time::Duration;

use super::clock::Timestamp;
use super::id::TaskId;
use super::record::Record;
use super::state::State;

/// How a method wants its tasks to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// How many run at once.
    pub(super) concurrency: usize,
    /// How many wait and run together.
    pub(super) max_unfinished: usize,
    pub(super) retention: Duration,
    /// Whether what was lost in the middle may be done again.
    pub(super) idempotent: bool,
}

/// The first pause when a service does not take a task; each later one is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(100);

/// The longest pause: a service that is back finds its tasks coming soon.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The tasks of one method that have not ended.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Queue {
    /// `None` while the method is not one of this program's.
    pub(super) rules: Option<Rules>,
    /// By the order in which they came.
    waiting: BTreeMap<u64, TaskId>,
    running: usize,
    /// Nothing is started before: the service did not take the last one.
    held_until: Option<Timestamp>,
    /// How often in a row it did not.
    holds: u32,
}

impl Queue {
    pub(super) fn enter(&mut self, record: &Record) {
        match record.state {
            State::Pending => {
                self.waiting.insert(record.sequence, record.id);
            }
            State::InProgress => self.running += 1,
            _ => {}
        }
    }

    pub(super) fn leave(&mut self, record: &Record) {
        match record.state {
            State::Pending => {
                self.waiting.remove(&record.sequence);
            }
            State::InProgress => self.running -= 1,
            _ => {}
        }
    }

    pub(super) fn unfinished(&self) -> usize {
        self.waiting.len() + self.running
    }

    /// The task whose turn it is: the oldest, if one more may run.
    pub(super) fn turn(&self, now: Timestamp) -> Option<TaskId> {
        let rules = self.rules?;
        let free = self.running < rules.concurrency && self.held_until.is_none_or(|until| until <= now);
        self.waiting.values().next().copied().filter(|_| free)
    }

    /// Starts nothing for a while: as long as the service asks for, and longer each time it does not take a task.
    pub(super) fn hold(&mut self, asked: Duration, now: Timestamp) {
        let pause = PAUSE_MIN.saturating_mul(1 << self.holds.min(16)).max(asked).min(PAUSE_MAX);
        self.holds += 1;
        self.held_until = Some(now.after(pause));
    }

    /// The service takes tasks.
    pub(super) fn release(&mut self) {
        self.holds = 0;
        self.held_until = None;
    }

    /// When to look again, if it is for the passing of time alone.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.held_until.filter(|_| self.rules.is_some() && !self.waiting.is_empty())
    }
}

#[cfg(test)]
impl Queue {
    /// Asserts that the same tasks wait and as many run.
    pub(super) fn assert_same(&self, other: &Self) {
        assert_eq!((&self.waiting, self.running), (&other.waiting, other.running));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_end_with_the_first_success() {
        let mut queue = Queue::default();
        let now = Timestamp::from_millis(1_000);
        let pause = |queue: &mut Queue, asked: u64| {
            queue.hold(Duration::from_millis(asked), now);
            now.until(queue.held_until.unwrap()).as_millis()
        };
        assert_eq!([0; 8].map(|asked| pause(&mut queue, asked)), [100, 200, 400, 800, 1600, 3200, 6400, 10_000]);
        queue.release();
        assert_eq!((queue.held_until, pause(&mut queue, 700), pause(&mut queue, 60_000)), (None, 700, 10_000));
    }
}
