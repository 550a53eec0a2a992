//! How many calls may be made once more: a share of all calls, and a few per second, so that retries cannot multiply the
//! load of what is failing already. As in Finagle and linkerd.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// A retry for every five calls.
const CALLS_PER_RETRY: u64 = 5;
/// Retries that are always allowed, however few calls there are.
const RESERVE_PER_SECOND: u64 = 10;
/// For how long a call counts, in slots of a second.
const WINDOW: usize = 10;
/// Calls are counted in so many places, so that threads do not wait for each other.
const SHARDS: usize = 8;

/// How many calls may be made once more. Counting a call takes no lock, and reads no clock.
pub(super) struct RetryBudget {
    calls: [Shard; SHARDS],
    window: Mutex<Window>,
}

/// On a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Shard(AtomicU64);

impl RetryBudget {
    pub(super) fn new(now: Instant) -> Self {
        Self { calls: Default::default(), window: Mutex::new(Window::new(now)) }
    }

    /// Counts a call.
    pub(super) fn called(&self) {
        self.calls[shard()].0.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a retry, if there is one left.
    pub(super) fn take(&self, now: Instant) -> bool {
        let calls = self.calls.iter().map(|shard| shard.0.load(Ordering::Relaxed)).sum();
        self.window.lock().unwrap_or_else(PoisonError::into_inner).take(calls, now)
    }
}

fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static THIS: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    THIS.with(|shard| *shard)
}

/// Calls and retries of the last seconds. Pure.
struct Window {
    began: Instant,
    /// The second in which it was last asked, from `began` on.
    second: u64,
    /// How many calls there had been then.
    calls: u64,
    /// Calls, less what retries have used up, by seconds.
    slots: [i64; WINDOW],
}

impl Window {
    fn new(now: Instant) -> Self {
        Self { began: now, second: 0, calls: 0, slots: [0; WINDOW] }
    }

    /// Takes a retry, if there is one left. `calls` is how many calls there have been, ever.
    fn take(&mut self, calls: u64, now: Instant) -> bool {
        let second = now.saturating_duration_since(self.began).as_secs();
        let passed = second.saturating_sub(self.second);
        for old in 1..=passed.min(WINDOW as u64) {
            self.slots[slot(self.second + old)] = 0;
        }
        // Calls since it was asked last may be older than the window: they count as if they had come evenly.
        let new = calls.saturating_sub(self.calls) * WINDOW as u64 / passed.max(WINDOW as u64);
        (self.second, self.calls) = (second.max(self.second), calls);
        self.slots[slot(self.second)] += new as i64;
        let reserve = RESERVE_PER_SECOND * WINDOW as u64 * CALLS_PER_RETRY;
        if self.slots.iter().sum::<i64>() + (reserve as i64) < CALLS_PER_RETRY as i64 {
            return false;
        }
        self.slots[slot(self.second)] -= CALLS_PER_RETRY as i64;
        true
    }
}

fn slot(second: u64) -> usize {
    (second % WINDOW as u64) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RESERVE: u64 = RESERVE_PER_SECOND * WINDOW as u64;

    fn taken(window: &mut Window, calls: u64, now: Instant) -> u64 {
        (0..100_000).take_while(|_| window.take(calls, now)).count() as u64
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_of_the_calls_and_a_reserve_can_be_made_again() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut window = Window::new(start);
        assert_eq!(taken(&mut window, 0, start), RESERVE);
        assert_eq!(taken(&mut window, 1000, start), 1000 / CALLS_PER_RETRY);
        assert_eq!(taken(&mut window, 1000, start + s(1)), 0, "used up");
        assert_eq!(taken(&mut window, 1000, start + s(WINDOW as u64)), RESERVE, "all of that is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_long_ago_do_not_count() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut window = Window::new(start);
        // A hundred calls in each of a thousand seconds: those of the last ten count.
        let taken = taken(&mut window, 100_000, start + s(1000));
        assert_eq!(taken, RESERVE + 100 * WINDOW as u64 / CALLS_PER_RETRY);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_all_threads_count_together() {
        let now = Instant::now();
        let budget = RetryBudget::new(now);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..250).for_each(|_| budget.called()));
            }
        });
        let taken = (0..10_000).take_while(|_| budget.take(now)).count() as u64;
        assert_eq!(taken, RESERVE + 1000 / CALLS_PER_RETRY);
    }
}
