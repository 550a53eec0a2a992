//! The connections that were dialled together: one control connection and its data connections.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;

use super::Peer;
use crate::connection::Connection;

/// The connections that were dialled together. When it goes, all of them end.
pub(crate) struct Association {
    pub(crate) peer: Arc<Peer>,
    connections: Mutex<Members>,
}

#[derive(Default)]
struct Members {
    connections: Vec<Arc<Connection>>,
    /// Why no more can come.
    ended: Option<String>,
}

impl Association {
    pub(crate) fn new(peer: Arc<Peer>) -> Arc<Self> {
        Arc::new(Self { peer, connections: Mutex::default() })
    }

    /// Takes a data connection in; closes it if it comes too late.
    pub(crate) fn add(&self, connection: &Arc<Connection>) {
        let mut members = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = &members.ended {
            let reason = reason.clone();
            drop(members);
            return connection.close(&reason, None);
        }
        members.connections.retain(|connection| connection.reason().is_none());
        members.connections.push(Arc::clone(connection));
        self.peer.add_connection(connection);
    }

    /// Waits until all connections have ended by themselves: the other side goes, and its last answers may still come.
    pub(crate) async fn until_ended(&self) {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner).connections.clone();
        join_all(connections.iter().map(|connection| connection.until_closed())).await;
    }

    /// Ends all connections.
    pub(crate) fn end(&self, reason: &str) {
        let mut members = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        members.ended = Some(reason.into());
        let connections = std::mem::take(&mut members.connections);
        drop(members);
        for connection in connections {
            self.peer.remove_connection(&connection);
            connection.close(reason, None);
        }
    }
}
