//! Whether a worker is inside a user's code right now, and for how long: written by the worker, read by the watch.
//!
//! No clock is read on the worker's side: it counts how often it has entered and left, and the watch, which looks every
//! second or so, sees that the count stands still at an odd number.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Stands for a worker's constructor in place of a method.
pub(crate) const CONSTRUCTOR: usize = usize::MAX;

/// One worker's sign of life.
#[derive(Default)]
pub(crate) struct Beat {
    /// Odd while a method runs.
    crossings: AtomicU64,
    method: AtomicUsize,
}

/// What the watch sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) crossings: u64,
    pub(crate) method: usize,
}

impl Beat {
    /// Runs `work` as the given method.
    pub(crate) fn during<T>(&self, method: usize, work: impl FnOnce() -> T) -> T {
        self.method.store(method, Ordering::Relaxed);
        self.cross();
        let result = work();
        self.cross();
        result
    }

    /// What the worker is in, if it is in anything.
    pub(crate) fn sighting(&self) -> Option<Sighting> {
        let crossings = self.crossings.load(Ordering::Acquire);
        (crossings % 2 == 1).then(|| Sighting { crossings, method: self.method.load(Ordering::Relaxed) })
    }

    /// Only the worker's own thread writes: a load and a store do, without the cost of an atomic addition.
    fn cross(&self) {
        self.crossings.store(self.crossings.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }
}
