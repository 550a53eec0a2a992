//! Which connection is on which thread, so that a thread that does not answer any more takes none with it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Shared, until_gone};
use crate::connection::Connection;
use crate::peer::{Interest, Peer};
use crate::watch;

/// Which connection is on which thread.
#[derive(Default)]
pub(super) struct Threads {
    /// Spreads the connections of other nodes.
    next: AtomicUsize,
    placed: Mutex<Vec<Placed>>,
}

struct Placed {
    thread: usize,
    connection: Weak<Connection>,
    peer: Arc<Peer>,
}

impl Threads {
    /// The thread for a connection that may be on any.
    pub(super) fn next(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes where a connection is.
    pub(super) fn place(&self, connection: &Arc<Connection>, peer: &Arc<Peer>, thread: usize) {
        let mut placed = self.placed();
        placed.retain(|placed| placed.connection.strong_count() > 0);
        placed.push(Placed { thread, connection: Arc::downgrade(connection), peer: Arc::clone(peer) });
    }

    /// Ends the connections of a thread: whoever has dialled them does so again.
    fn cut(&self, thread: usize) {
        let mut placed = self.placed();
        let (there, elsewhere) = std::mem::take(&mut *placed).into_iter().partition(|placed| placed.thread == thread);
        *placed = elsewhere;
        drop(placed);
        let there: Vec<Placed> = there;
        for Placed { connection, peer, .. } in there {
            if let Some(connection) = connection.upgrade() {
                peer.remove_connection(&connection);
                connection.cut("its thread does not answer");
            }
        }
    }

    fn placed(&self) -> MutexGuard<'_, Vec<Placed>> {
        self.placed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Ends the connections of threads that are replaced, until this node has left.
    pub(super) async fn watch_threads(self: Arc<Self>, mut wanted: watch::Receiver<Interest>) {
        let mut replaced = self.runtime.executor().replaced();
        let mut seen = replaced.borrow_and_update().len();
        loop {
            tokio::select! {
                biased;
                () = until_gone(&mut wanted) => return,
                changed = replaced.changed() => if changed.is_err() { return },
            }
            let silent = replaced.borrow_and_update()[seen..].to_vec();
            seen += silent.len();
            silent.into_iter().for_each(|thread| self.threads.cut(thread));
        }
    }
}
