//! The calls of a peer that are being answered on a connection.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use foldhash::fast::RandomState;
use playhouse_actors::Answering;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use super::calls::is_later;

/// A peer gets no more calls than this on one connection, whatever the groups would take.
const SERVING_MAX: usize = 65_536;
/// More credit than this for one stream is a mistake, or an attempt to make us hold something.
pub(crate) const CREDIT_MAX: usize = 65_536;

/// The calls that are being answered.
#[derive(Default)]
pub(crate) struct Serving {
    calls: HashMap<u64, Served, RandomState>,
    /// The last one that was taken in, in the order in which the peer made them.
    last: u64,
}

/// A call that is being answered. Dropping it cancels the call.
pub(crate) enum Served {
    /// One answer.
    Once { _answering: Answering },
    /// Many answers, by a task of their own.
    Stream(Stream),
}

/// A stream that is being sent.
pub(crate) struct Stream {
    pub(crate) credit: Arc<Semaphore>,
    pub(crate) task: AbortHandle,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is wrong with a call that a peer begins, or with credit that it gives.
pub(crate) enum Refusal {
    /// Too many at once.
    Full,
    /// Two calls by one identifier.
    Known,
}

impl Serving {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// The last call that was taken in; 0 if none was.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Takes a call in, with what cancels it.
    ///
    /// # Errors
    /// When there are too many, or there is one by this identifier. What cancels the call is to be dropped where no lock
    /// is held.
    pub(crate) fn begin(&mut self, id: u64, served: Served) -> Result<(), (Refusal, Served)> {
        if self.calls.len() >= SERVING_MAX {
            return Err((Refusal::Full, served));
        }
        if is_later(id, self.last) {
            self.last = id;
        }
        match self.calls.entry(id) {
            Entry::Vacant(place) => {
                place.insert(served);
                Ok(())
            }
            Entry::Occupied(_) => Err((Refusal::Known, served)),
        }
    }

    /// Takes a call out, because it was answered or cancelled. To be dropped where no lock is held.
    pub(crate) fn end(&mut self, id: u64) -> Option<Served> {
        self.calls.remove(&id)
    }

    /// Whether a call is being answered.
    pub(crate) fn knows(&self, id: u64) -> bool {
        self.calls.contains_key(&id)
    }

    /// Gives a stream credit. False if that is more than anybody needs.
    pub(crate) fn credit(&self, id: u64, items: u32) -> bool {
        let Some(Served::Stream(stream)) = self.calls.get(&id) else { return true };
        let fits = stream.credit.available_permits().saturating_add(items as usize) <= CREDIT_MAX;
        if fits {
            stream.credit.add_permits(items as usize);
        }
        fits
    }

    /// All calls, to be dropped where no lock is held.
    pub(crate) fn take(&mut self) -> Vec<Served> {
        let mut all: Vec<_> = std::mem::take(&mut self.calls).into_iter().collect();
        // In an order that a simulation can repeat.
        all.sort_by_key(|(id, _)| *id);
        all.into_iter().map(|(_, served)| served).collect()
    }
}
