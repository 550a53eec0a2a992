//! How much a replica elsewhere has to do, as far as is known here.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// How much a replica elsewhere has to do.
pub(crate) struct ReplicaLoad {
    in_flight: AtomicUsize,
    depth: AtomicU32,
    open: AtomicBool,
}

impl Default for ReplicaLoad {
    fn default() -> Self {
        Self { in_flight: AtomicUsize::new(0), depth: AtomicU32::new(0), open: AtomicBool::new(true) }
    }
}

impl ReplicaLoad {
    /// The greater of what it has from here and what it said of itself: the first is newer, the second knows of others.
    pub(crate) fn messages(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed).max(self.depth.load(Ordering::Relaxed) as usize)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    pub(crate) fn entered(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn left(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn reported(&self, depth: u32) {
        self.depth.store(depth, Ordering::Relaxed);
    }

    pub(crate) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }
}
