//! How many spans wait for the collector, and what became of the others.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How many spans wait at most: what a program with two thousand recorded calls a second makes in the five seconds between
/// two batches, in some 10 MB.
pub(super) const WAITING_MAX: usize = 10_000;

/// A collector that is down is told of this often.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The counters of the queue.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: AtomicUsize,
    exported: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    told: Mutex<Option<Instant>>,
}

/// The queue at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct QueueStats {
    /// Spans that wait.
    pub(crate) waiting: usize,
    /// Spans that the collector has taken.
    pub(crate) exported: u64,
    /// Spans that it has not taken.
    pub(crate) failed: u64,
    /// Spans for which there was no room.
    pub(crate) dropped: u64,
}

impl Queue {
    /// Takes a place for a span; false if there is none.
    pub(super) fn enter(&self) -> bool {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < WAITING_MAX {
            return true;
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
        false
    }

    /// So many spans have left: to the collector, or lost.
    pub(super) fn left(&self, spans: usize, taken: bool) {
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        let counter = if taken { &self.exported } else { &self.failed };
        counter.fetch_add(spans as u64, Ordering::Relaxed);
    }

    /// Whether it is time to say that something is wrong.
    pub(super) fn tells(&self, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let tells = told.is_none_or(|told| now.duration_since(told) >= TOLD_EVERY);
        if tells {
            *told = Some(now);
        }
        tells
    }

    pub(crate) fn stats(&self) -> QueueStats {
        QueueStats {
            waiting: self.waiting.load(Ordering::Relaxed),
            exported: self.exported.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_dropped_and_counted() {
        let queue = Queue::default();
        let entered = (0..WAITING_MAX + 3).filter(|_| queue.enter()).count();
        queue.left(10, true);
        queue.left(5, false);
        assert_eq!(entered, WAITING_MAX);
        let expected = QueueStats { waiting: WAITING_MAX - 15, exported: 10, failed: 5, dropped: 3 };
        assert_eq!(queue.stats(), expected);
        assert!(queue.enter(), "there is room again");
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_is_told_once_in_a_while() {
        let queue = Queue::default();
        let begin = Instant::now();
        let told = [0, 1, 59, 60, 61, 119, 120].map(|second| queue.tells(begin + Duration::from_secs(second)));
        assert_eq!(told, [true, false, false, true, false, false, true]);
    }
}
