//! How many messages a group has admitted, and the bound of that.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// A counter with a bound: every admitted message is in it, waiting or running.
pub(crate) struct Admission {
    admitted: AtomicUsize,
    max_concurrency: usize,
    emptied: Notify,
}

impl Admission {
    pub(crate) fn new(max_concurrency: usize) -> Self {
        Self { admitted: AtomicUsize::new(0), max_concurrency, emptied: Notify::new() }
    }

    /// Takes a place; false when there is none.
    pub(crate) fn enter(&self) -> bool {
        // The count may pass the bound for a moment, by those who are about to step back.
        let before = self.admitted.fetch_add(1, Ordering::AcqRel);
        if before < self.max_concurrency {
            return true;
        }
        self.leave();
        false
    }

    /// Gives a place back.
    pub(crate) fn leave(&self) {
        if self.admitted.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.emptied.notify_waiters();
        }
    }

    /// How many messages are waiting or running.
    pub(crate) fn admitted(&self) -> usize {
        self.admitted.load(Ordering::Acquire)
    }

    /// Waits until nothing is waiting or running.
    pub(crate) async fn empty(&self) {
        loop {
            let mut emptied = std::pin::pin!(self.emptied.notified());
            // Listen first, then look: a place given back in between is not missed.
            emptied.as_mut().enable();
            if self.admitted() == 0 {
                return;
            }
            emptied.await;
        }
    }
}
