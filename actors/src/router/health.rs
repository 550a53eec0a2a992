//! Whether a replica is called, as its callers share it. Who calls one that works reads a flag, and no clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::breaker::Breaker;

/// Whether a replica is called.
#[derive(Default)]
pub(super) struct Health {
    out: AtomicBool,
    breaker: Mutex<Breaker>,
}

/// A call to a replica that is left out. Dropped without a word, it has found out nothing.
pub(crate) struct Probe {
    health: Arc<Health>,
    /// Whether it is the one that finds out; otherwise it was made because no replica is called.
    only: bool,
    open: bool,
}

impl Health {
    /// Whether it is left out.
    pub(super) fn is_out(&self) -> bool {
        self.out.load(Ordering::Relaxed)
    }

    /// Leaves it out, because a call failed. Whether that is news.
    pub(super) fn failed(&self) -> bool {
        let mut breaker = self.breaker();
        let is_news = breaker.failed(Instant::now(), fastrand::f64());
        // With the lock, so that a probe that succeeds at the same time is not overlooked.
        self.out.store(true, Ordering::Relaxed);
        is_news
    }

    /// The right to find out how it is.
    pub(super) fn probe(self: &Arc<Self>) -> Option<Probe> {
        let may = self.breaker().may_probe(Instant::now());
        may.then(|| Probe { health: Arc::clone(self), only: true, open: true })
    }

    /// A call that is made although it is left out.
    pub(super) fn blind(self: &Arc<Self>) -> Probe {
        Probe { health: Arc::clone(self), only: false, open: true }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Probe {
    /// The replica answered, or failed.
    pub(super) fn ended(mut self, well: bool) {
        self.open = false;
        let mut breaker = self.health.breaker();
        if well {
            breaker.succeeded();
            self.health.out.store(false, Ordering::Relaxed);
        } else if self.only {
            breaker.probe_failed(Instant::now(), fastrand::f64());
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if self.open && self.only {
            self.health.breaker().probe_gave_up(Instant::now());
        }
    }
}
