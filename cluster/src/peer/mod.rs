//! Another node, as it is known here.

mod association;
mod backoff;
mod control;
mod detector;
mod framed;
mod handshake;
mod load;
mod remote;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use playhouse_actors::{Remote, Runtime};
use tokio::sync::{Notify, watch};

pub(crate) use self::association::Association;
pub(crate) use self::backoff::Backoff;
pub(crate) use self::control::{Control, Ended, Interest};
pub(crate) use self::handshake::{Greeted, Handshake, HandshakeError, Identity, refuse};
pub(crate) use self::load::ReplicaLoad;
use self::remote::RemoteReplica;
use crate::connection::Connection;
use crate::id::{Incarnation, NodeId};
use crate::wire::{Announced, GoAway, LoadOf, Reason};

/// More replicas than this are not believed of one node.
const REPLICAS_MAX: usize = 4096;

/// One life of another node: its replicas, and the data connections by which they are reached, whoever dialled them.
pub(crate) struct Peer {
    pub(crate) node: NodeId,
    pub(crate) incarnation: Incarnation,
    /// The longest body that it takes.
    pub(crate) body_max: u64,
    is_near: bool,
    runtime: Runtime,
    data: ArcSwap<Vec<Arc<Connection>>>,
    /// By the numbers of their first methods.
    replicas: Mutex<BTreeMap<u32, Arc<RemoteReplica>>>,
    draining: AtomicBool,
    /// Told of everybody who wants to know how long an answer takes.
    asked: Notify,
    /// How long the last answer to them took.
    round_trip: watch::Sender<Option<Duration>>,
    /// Told of every change of what can be called.
    changes: watch::Sender<u64>,
}

impl Peer {
    pub(crate) fn new(greeted: &Greeted, runtime: Runtime, changes: watch::Sender<u64>) -> Arc<Self> {
        Arc::new(Self {
            node: greeted.node.clone(),
            incarnation: greeted.incarnation,
            body_max: greeted.body_max,
            is_near: greeted.is_near,
            runtime,
            changes,
            data: ArcSwap::default(),
            replicas: Mutex::default(),
            draining: AtomicBool::new(false),
            asked: Notify::new(),
            round_trip: watch::Sender::default(),
        })
    }

    /// A connection for a call: that of the calling thread, if there is one.
    fn connection(&self) -> Option<Arc<Connection>> {
        let data = self.data.load();
        match data.as_slice() {
            [] => None,
            [only] => Some(Arc::clone(only)),
            several => {
                let here = several.iter().find(|connection| connection.is_here());
                Some(Arc::clone(here.unwrap_or(&several[fastrand::usize(..several.len())])))
            }
        }
    }

    /// Whether calls can be sent.
    fn is_open(&self) -> bool {
        !self.is_draining() && !self.data.load().is_empty()
    }

    /// Whether it takes no new calls.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub(crate) fn add_connection(&self, connection: &Arc<Connection>) {
        self.data.rcu(|data| data.iter().chain([connection]).cloned().collect::<Vec<_>>());
        self.changed();
    }

    pub(crate) fn remove_connection(&self, connection: &Arc<Connection>) {
        let others = |other: &&Arc<Connection>| !Arc::ptr_eq(other, connection);
        self.data.rcu(|data| data.iter().filter(others).cloned().collect::<Vec<_>>());
        self.changed();
    }

    /// How long the other side takes to answer on a control connection. All that it has announced before is known then.
    pub(crate) async fn ping(&self) -> Duration {
        let mut round_trip = self.round_trip.subscribe();
        round_trip.mark_unchanged();
        self.asked.notify_one();
        loop {
            // Never closed: it goes with this.
            drop(round_trip.changed().await);
            if let Some(taken) = *round_trip.borrow_and_update() {
                return taken;
            }
        }
    }

    /// Waits until somebody wants to know how long an answer takes.
    async fn asked(&self) {
        self.asked.notified().await;
    }

    fn answered(&self, taken: Duration) {
        self.round_trip.send_replace(Some(taken));
    }

    /// How many data connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.data.load().len()
    }

    /// Whether no call is in flight, in either direction, and every answer has been written.
    pub(crate) fn is_idle(&self) -> bool {
        self.data.load().iter().all(|connection| connection.is_idle())
    }

    /// Ends its data connections: this node goes.
    pub(crate) fn finish(&self) {
        for connection in self.data.load().iter() {
            connection.close("this node ends", Some(GoAway::new(Reason::Going, "the node ends")));
        }
    }

    /// The replicas that it has announced: service, replica and methods of each.
    pub(crate) fn announced(&self) -> Vec<Announced> {
        self.replicas().values().map(|replica| replica.announced().clone()).collect()
    }

    /// It can be sent calls for these replicas, or still can. False if they are more than a node can have.
    fn announce(self: &Arc<Self>, announced: Vec<Announced>) -> bool {
        for announced in announced {
            if self.replicas().len() >= REPLICAS_MAX {
                return false;
            }
            let (first, service) = (announced.first, announced.service.clone());
            let timeout = Duration::from_micros(announced.timeout_us);
            let replica = Arc::new(RemoteReplica::new(announced, self));
            self.replicas().insert(first, Arc::clone(&replica));
            self.runtime.add_remote(&service, replica, timeout);
        }
        self.changed();
        true
    }

    /// These replicas are gone.
    fn withdraw(&self, firsts: &[u32]) {
        for first in firsts {
            let gone = self.replicas().remove(first);
            if let Some(replica) = gone {
                self.runtime.remove_remote(&replica.announced().service, replica.replica());
            }
        }
        self.changed();
    }

    /// How much its replicas have to do.
    fn report(&self, load: &[LoadOf]) {
        let replicas = self.replicas();
        for load in load {
            if let Some(replica) = replicas.get(&load.first) {
                replica.load_of().reported(load.depth);
                replica.load_of().set_open(load.open);
            }
        }
    }

    /// It takes no new calls.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Nothing of it can be reached any more.
    pub(crate) fn forget(&self) {
        let firsts: Vec<u32> = self.replicas().keys().copied().collect();
        self.withdraw(&firsts);
    }

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    fn replicas(&self) -> MutexGuard<'_, BTreeMap<u32, Arc<RemoteReplica>>> {
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
