//! How messages of one service were routed, where that is not seen in the groups of this process.

use std::sync::atomic::{AtomicU64, Ordering};

/// How messages of one service were routed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteStats {
    /// To a replica in another process.
    pub remote: u64,
    /// Once more, since the replica that was tried had not begun, or the method may run twice.
    pub retried: u64,
    /// Not once more, although that was possible: too many others had been.
    pub retries_refused: u64,
    /// How often a replica elsewhere was left out, since a call to it had failed.
    pub ejected: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) remote: AtomicU64,
    pub(super) retried: AtomicU64,
    pub(super) retries_refused: AtomicU64,
    pub(super) ejected: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self) -> RouteStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Self { remote, retried, retries_refused, ejected } = self;
        RouteStats {
            remote: read(remote),
            retried: read(retried),
            retries_refused: read(retries_refused),
            ejected: read(ejected),
        }
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
