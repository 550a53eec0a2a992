//! The other nodes, as far as they are known.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use playhouse_actors::Runtime;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::complaints::Complaints;
use crate::id::NodeId;
use crate::peer::{Association, Greeted, Peer};
use crate::transport::Address;
use crate::wire::Announced;

/// The other nodes.
pub(super) struct Members {
    inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
    complaints: Mutex<Complaints>,
}

#[derive(Default)]
struct Inner {
    peers: BTreeMap<(NodeId, u64), Known>,
    /// Control connections that others have dialled, by node, incarnation and number.
    associations: BTreeMap<(NodeId, u64, u64), Arc<Association>>,
    dialled: Vec<(Address, Dialled)>,
}

struct Known {
    peer: Arc<Peer>,
    /// How many control connections there are, whoever dialled them.
    associations: usize,
}

enum Dialled {
    Connected(Arc<Peer>),
    Left { node: NodeId, since: Instant },
    Not { reason: String, since: Instant },
}

/// How it stands with another node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PeerStatus {
    /// Its address, if it is this node that dials.
    pub address: Option<Address>,
    /// Whether it can be reached.
    pub state: PeerState,
}

/// Whether another node can be reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PeerState {
    /// There is a control connection.
    Connected {
        /// Its name.
        node: NodeId,
        /// How many connections carry calls.
        connections: usize,
        /// What can be called there.
        replicas: Vec<Announced>,
    },
    /// It has left the cluster in good order. It is still dialled now and then, since it may come back.
    Left {
        /// Its name.
        node: NodeId,
        /// Since when.
        since: Instant,
    },
    /// It is dialled again and again.
    Unreachable {
        /// Why the last attempt failed.
        reason: String,
        /// Since when it has not been reached.
        since: Instant,
    },
}

impl PeerStatus {
    /// Whether calls can be sent there.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self.state, PeerState::Connected { connections: 1.., .. })
    }

    /// Whether a service can be called there.
    #[must_use]
    pub fn offers(&self, service: &str) -> bool {
        match &self.state {
            PeerState::Connected { connections: 1.., replicas, .. } => {
                replicas.iter().any(|replica| replica.service == service)
            }
            _ => false,
        }
    }
}

impl Members {
    pub(super) fn new() -> Self {
        let complaints = Mutex::new(Complaints::new(Instant::now()));
        Self { inner: Mutex::default(), changes: watch::Sender::default(), complaints }
    }

    /// A number that is another one whenever something has changed.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Notes a control connection with a node. To be undone by [`Members::lost`].
    pub(super) fn met(&self, greeted: &Greeted, runtime: &Runtime) -> Arc<Association> {
        let mut inner = self.lock();
        let known = inner.peers.entry((greeted.node.clone(), greeted.incarnation.0)).or_insert_with(|| Known {
            peer: Peer::new(greeted, runtime.clone(), self.changes.clone()),
            associations: 0,
        });
        known.associations += 1;
        Association::new(Arc::clone(&known.peer))
    }

    /// A control connection has ended: with the last one everything is forgotten that was known of the node.
    pub(super) fn lost(&self, association: &Association, reason: &str) {
        let peer = &association.peer;
        association.end(reason);
        let key = (peer.node.clone(), peer.incarnation.0);
        let mut inner = self.lock();
        if let Some(known) = inner.peers.get_mut(&key) {
            known.associations -= 1;
            if known.associations == 0 {
                inner.peers.remove(&key);
                drop(inner);
                peer.forget();
            }
        }
        self.changed();
    }

    /// A node that is connected.
    pub(super) fn peer(&self, node: &NodeId) -> Option<Arc<Peer>> {
        self.lock().peers.values().map(|known| &known.peer).find(|peer| peer.node == *node).cloned()
    }

    /// Notes a control connection that was dialled by the other side, for its data connections to find.
    pub(super) fn accepted(&self, greeted: &Greeted, association: &Arc<Association>) {
        self.lock().associations.insert(key(greeted), Arc::clone(association));
    }

    pub(super) fn unaccepted(&self, greeted: &Greeted) {
        self.lock().associations.remove(&key(greeted));
    }

    /// The control connection that a data connection belongs to.
    pub(super) fn association(&self, greeted: &Greeted) -> Option<Arc<Association>> {
        self.lock().associations.get(&key(greeted)).cloned()
    }

    /// Notes that a node that is dialled has been reached.
    pub(super) fn reached(&self, address: &Address, peer: &Arc<Peer>) {
        self.set_dialled(address, |_| Dialled::Connected(Arc::clone(peer)));
    }

    /// Notes that a node that is dialled has left in good order.
    pub(super) fn left(&self, address: &Address) {
        self.set_dialled(address, |before| match before {
            Some(Dialled::Connected(peer)) => Dialled::Left { node: peer.node.clone(), since: Instant::now() },
            _ => Dialled::Not { reason: "it has left".into(), since: Instant::now() },
        });
    }

    /// Notes why a node that is dialled cannot be reached. Whether that is news: of one that has left it is not.
    pub(super) fn unreached(&self, address: &Address, reason: &str) -> bool {
        let mut is_news = true;
        self.set_dialled(address, |before| match before {
            Some(Dialled::Left { node, since }) => {
                is_news = false;
                Dialled::Left { node: node.clone(), since: *since }
            }
            Some(Dialled::Not { reason: known, since }) => {
                is_news = known != reason;
                Dialled::Not { reason: reason.into(), since: *since }
            }
            _ => Dialled::Not { reason: reason.into(), since: Instant::now() },
        });
        is_news
    }

    /// A node is not dialled any more.
    pub(super) fn undialled(&self, address: &Address) {
        self.lock().dialled.retain(|(known, _)| known != address);
        self.changed();
    }

    /// Says something about a stranger, unless that has been said too often.
    pub(super) fn complain(&self, peer: &str, reason: &str) {
        let next = self.complaints.lock().unwrap_or_else(PoisonError::into_inner).next(Instant::now());
        match next {
            Some(left_out) => tracing::warn!(peer, reason, left_out, "a connection was refused or ended"),
            None => tracing::debug!(peer, reason, "a connection was refused or ended"),
        }
    }

    pub(super) fn statuses(&self) -> Vec<PeerStatus> {
        let inner = self.lock();
        let mut dialled = Vec::new();
        let mut statuses = Vec::new();
        for (address, state) in &inner.dialled {
            let state = match state {
                Dialled::Connected(peer) => {
                    dialled.push(Arc::as_ptr(peer));
                    connected(peer)
                }
                Dialled::Left { node, since } => PeerState::Left { node: node.clone(), since: *since },
                Dialled::Not { reason, since } => PeerState::Unreachable { reason: reason.clone(), since: *since },
            };
            statuses.push(PeerStatus { address: Some(address.clone()), state });
        }
        let others = inner.peers.values().map(|known| &known.peer);
        let mut others: Vec<_> = others.filter(|peer| !dialled.contains(&Arc::as_ptr(peer))).collect();
        others.sort_by_key(|peer| &peer.node);
        statuses.extend(others.into_iter().map(|peer| PeerStatus { address: None, state: connected(peer) }));
        statuses
    }

    /// Waits until no call is in flight, in either direction, and every answer has been written.
    pub(super) async fn until_idle(&self) {
        while !self.peers().iter().all(|peer| peer.is_idle()) {
            tokio::time::sleep(IDLE_LOOK).await;
        }
    }

    /// Ends all data connections in good order, and waits until they have.
    pub(super) async fn finish(&self) {
        loop {
            let peers = self.peers();
            // Again and again: one that the other side was just opening may come in between.
            peers.iter().for_each(|peer| peer.finish());
            if peers.iter().all(|peer| peer.connections() == 0) {
                return;
            }
            tokio::time::sleep(IDLE_LOOK).await;
        }
    }

    /// Waits until there is no control connection.
    pub(super) async fn until_alone(&self) {
        let mut changes = self.changes();
        while !self.peers().is_empty() && changes.changed().await.is_ok() {}
    }

    fn peers(&self) -> Vec<Arc<Peer>> {
        self.lock().peers.values().map(|known| Arc::clone(&known.peer)).collect()
    }

    fn set_dialled(&self, address: &Address, set: impl FnOnce(Option<&Dialled>) -> Dialled) {
        let mut inner = self.lock();
        let index = inner.dialled.iter().position(|(known, _)| known == address);
        let state = set(index.map(|index| &inner.dialled[index].1));
        match index {
            Some(index) => inner.dialled[index].1 = state,
            None => inner.dialled.push((address.clone(), state)),
        }
        drop(inner);
        self.changed();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often a node that leaves looks whether it may.
const IDLE_LOOK: std::time::Duration = std::time::Duration::from_millis(5);

fn key(greeted: &Greeted) -> (NodeId, u64, u64) {
    (greeted.node.clone(), greeted.incarnation.0, greeted.association)
}

fn connected(peer: &Arc<Peer>) -> PeerState {
    PeerState::Connected { node: peer.node.clone(), connections: peer.connections(), replicas: peer.announced() }
}
