//! Wakes those who wait for an answer when their deadline passes.
//!
//! A timer for each call would be registered and removed again for nothing, since almost every call is answered in
//! time. Here a call leaves its deadline in a slab and takes it out again, and one sweeper sleeps until the earliest
//! deadline that it saw at its last sweep: with equal timeouts it wakes once in a timeout, however many calls there are.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use slab::Slab;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What a timeout means that is longer than a clock can say.
const LONGEST: Duration = Duration::from_secs(86_400 * 365);

/// The moment so much later, or what comes nearest to it.
pub(crate) fn after(begin: Instant, duration: Duration) -> Instant {
    begin.checked_add(duration).unwrap_or_else(|| never(begin))
}

/// A moment that does not come.
pub(crate) fn never(begin: Instant) -> Instant {
    begin + LONGEST
}

/// Enough that threads rarely share one.
const SHARDS: usize = 16;

/// When the sweeper has nothing to wait for.
const NEVER: u64 = u64::MAX;

/// The deadlines of all waiting calls of a process.
pub(crate) struct Deadlines {
    shards: [Shard; SHARDS],
    /// Nanoseconds after `start` at which the sweeper will look, at the latest.
    next_sweep: AtomicU64,
    earlier: Notify,
    ended: AtomicBool,
    start: Instant,
}

#[derive(Default)]
#[repr(align(128))]
struct Shard(Mutex<Slab<Entry>>);

struct Entry {
    deadline: Instant,
    waker: Waker,
}

/// A registered deadline; dropping it takes it out.
pub(crate) struct Registration {
    deadlines: Arc<Deadlines>,
    shard: usize,
    key: usize,
}

impl Deadlines {
    pub(crate) fn new(start: Instant) -> Arc<Self> {
        Arc::new(Self {
            shards: std::array::from_fn(|_| Shard::default()),
            next_sweep: AtomicU64::new(NEVER),
            earlier: Notify::new(),
            ended: AtomicBool::new(false),
            start,
        })
    }

    /// Has `waker` woken once when `deadline` passes.
    pub(crate) fn register(self: &Arc<Self>, deadline: Instant, waker: &Waker) -> Registration {
        let shard = shard_of_thread();
        let key = self.shards[shard].lock().insert(Entry { deadline, waker: waker.clone() });
        let at = self.offset(deadline);
        if at < self.next_sweep.load(Ordering::SeqCst) && at < self.next_sweep.fetch_min(at, Ordering::SeqCst) {
            self.earlier.notify_one();
        }
        Registration { deadlines: Arc::clone(self), shard, key }
    }

    /// Ends the sweeper.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.earlier.notify_one();
    }

    /// Wakes whoever is due, until it is ended.
    pub(crate) async fn sweep(self: Arc<Self>) {
        while !self.ended.load(Ordering::SeqCst) {
            // Raised first, so that a deadline that is registered behind the sweep lowers it again and is not missed.
            self.next_sweep.store(NEVER, Ordering::SeqCst);
            let now = Instant::now();
            let earliest = self.shards.iter().filter_map(|shard| shard.wake_due(now)).min();
            let earliest = earliest.map_or(NEVER, |deadline| self.offset(deadline));
            let next = self.next_sweep.fetch_min(earliest, Ordering::SeqCst).min(earliest);
            tokio::select! {
                biased;
                () = self.until(next) => {}
                () = self.earlier.notified() => {}
            }
        }
    }

    async fn until(&self, offset: u64) {
        match offset {
            NEVER => std::future::pending().await,
            offset => tokio::time::sleep_until(self.start + Duration::from_nanos(offset)).await,
        }
    }

    fn offset(&self, deadline: Instant) -> u64 {
        u64::try_from(deadline.saturating_duration_since(self.start).as_nanos()).unwrap_or(NEVER - 1)
    }
}

impl Shard {
    fn lock(&self) -> MutexGuard<'_, Slab<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the entries that are due; they stay until their owners take them out. The earliest of the others.
    fn wake_due(&self, now: Instant) -> Option<Instant> {
        let mut earliest: Option<Instant> = None;
        let mut due = Vec::new();
        for (_, entry) in self.lock().iter() {
            if entry.deadline <= now {
                due.push(entry.waker.clone());
            } else {
                earliest = Some(earliest.map_or(entry.deadline, |earliest| earliest.min(entry.deadline)));
            }
        }
        due.into_iter().for_each(Waker::wake);
        earliest
    }
}

impl Registration {
    /// Has another waker woken from now on.
    pub(crate) fn set_waker(&self, waker: &Waker) {
        if let Some(entry) = self.deadlines.shards[self.shard].lock().get_mut(self.key) {
            entry.waker.clone_from(waker);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        drop(self.deadlines.shards[self.shard].lock().try_remove(self.key));
    }
}

fn shard_of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SHARD: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    SHARD.with(|shard| *shard)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn due(deadlines: &Arc<Deadlines>, after: Duration) -> Instant {
        let deadline = Instant::now() + after;
        let mut registration = None;
        std::future::poll_fn(|cx| {
            if Instant::now() >= deadline {
                return std::task::Poll::Ready(());
            }
            registration.get_or_insert_with(|| deadlines.register(deadline, cx.waker())).set_waker(cx.waker());
            std::task::Poll::Pending
        })
        .await;
        Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_woken_at_its_own_deadline_in_any_order() {
        let start = Instant::now();
        let deadlines = Deadlines::new(start);
        let sweeper = tokio::spawn(Arc::clone(&deadlines).sweep());
        let at = |ms| due(&deadlines, Duration::from_millis(ms));
        let (late, early, middle) = tokio::join!(at(900), at(50), at(300));
        assert_eq!([early, middle, late].map(|at| at - start), [50, 300, 900].map(Duration::from_millis));
        assert!(deadlines.shards.iter().all(|shard| shard.lock().is_empty()), "registrations are taken out");
        sweeper.abort();
    }
}
