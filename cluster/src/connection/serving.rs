//! The calls of a peer that are being answered on a connection.

use std::collections::HashMap;
use std::sync::Arc;

use playhouse_actors::Answering;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

/// A peer gets no more calls than this on one connection, whatever the groups would take.
const SERVING_MAX: usize = 65_536;
/// More credit than this for one stream is a mistake, or an attempt to make us hold something.
pub(crate) const CREDIT_MAX: usize = 65_536;

/// The calls that are being answered.
#[derive(Default)]
pub(crate) struct Serving(HashMap<u64, Served>);

/// A call that is being answered. Dropping it cancels the call.
pub(crate) enum Served {
    /// It is just beginning, or was refused while it did.
    Beginning,
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
        self.0.len()
    }

    /// Takes a call in.
    ///
    /// # Errors
    /// When there are too many, or there is one by this identifier.
    pub(crate) fn begin(&mut self, id: u64) -> Result<(), Refusal> {
        if self.0.len() >= SERVING_MAX {
            return Err(Refusal::Full);
        }
        match self.0.insert(id, Served::Beginning) {
            None => Ok(()),
            Some(_) => Err(Refusal::Known),
        }
    }

    /// Keeps what cancels the call; gives it back if the call is over already.
    pub(crate) fn keep(&mut self, id: u64, served: Served) -> Option<Served> {
        match self.0.get_mut(&id) {
            None => Some(served),
            Some(beginning) => {
                *beginning = served;
                None
            }
        }
    }

    /// Takes a call out, because it was answered or cancelled. To be dropped where no lock is held.
    pub(crate) fn end(&mut self, id: u64) -> Option<Served> {
        self.0.remove(&id)
    }

    /// Whether a call is being answered.
    pub(crate) fn knows(&self, id: u64) -> bool {
        self.0.contains_key(&id)
    }

    /// Gives a stream credit. False if that is more than anybody needs.
    pub(crate) fn credit(&self, id: u64, items: u32) -> bool {
        let Some(Served::Stream(stream)) = self.0.get(&id) else { return true };
        let fits = stream.credit.available_permits().saturating_add(items as usize) <= CREDIT_MAX;
        if fits {
            stream.credit.add_permits(items as usize);
        }
        fits
    }

    /// All calls, to be dropped where no lock is held.
    pub(crate) fn take(&mut self) -> Vec<Served> {
        let mut all: Vec<_> = std::mem::take(&mut self.0).into_iter().collect();
        // In an order that a simulation can repeat.
        all.sort_by_key(|(id, _)| *id);
        all.into_iter().map(|(_, served)| served).collect()
    }
}
