//! A node as a member of a cluster: it listens, dials, and keeps what it learns in the runtime's routes.

mod dial;
mod listen;
mod members;
mod threads;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use playhouse_actors::Runtime;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

use self::members::Members;
pub use self::members::{PeerState, PeerStatus};
use self::threads::Threads;
use crate::config::{ClusterConfig, SameHost};
use crate::connection::Connection;
use crate::error::JoinError;
use crate::exposed::Exposed;
use crate::id::{Incarnation, NodeId};
use crate::peer::{Association, Identity, Interest};
use crate::transport::{Address, Socket};
use crate::watch;

/// A node as a member of a cluster. Dropping it ends every connection at once; [`Cluster::leave`] lets calls finish.
///
/// The groups of the runtime can be called by other nodes, and the replicas of other nodes are in the routes of the
/// runtime: its clients call them like those that run here.
///
/// ```no_run
/// # use playhouse_actors::Runtime;
/// # use playhouse_cluster::{Cluster, ClusterConfig, StaticPeers};
/// # async fn f(runtime: Runtime) -> Result<(), Box<dyn std::error::Error>> {
/// let config = ClusterConfig {
///     listen: vec!["127.0.0.1:7001".parse()?],
///     discovery: std::sync::Arc::new(StaticPeers::new(["127.0.0.1:7002".parse()?])),
///     ..ClusterConfig::default()
/// };
/// let cluster = Cluster::join(&runtime, config).await?;
/// # Ok(())
/// # }
/// ```
pub struct Cluster {
    shared: Arc<Shared>,
    addresses: Vec<Address>,
    /// Whatever runs for this node ends when it is dropped.
    interest: watch::Sender<Interest>,
}

/// How long the last words of a node may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What everything that runs for a node has in common.
struct Shared {
    runtime: Runtime,
    config: ClusterConfig,
    identity: Identity,
    exposed: Arc<Exposed>,
    members: Members,
    threads: Threads,
}

impl Cluster {
    /// Listens, begins to dial, and returns without waiting for anybody.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub async fn join(runtime: &Runtime, config: ClusterConfig) -> Result<Self, JoinError> {
        let peers = config.discovery.list().await;
        check_addresses(&config, &peers)?;
        runtime.set_weight(config.weight);
        let (interest, wanted) = watch::channel(Interest::Open);
        let shared = Shared::new(runtime, config);
        shared.exposed.set(&runtime.served());
        let (sender, listening) = oneshot::channel();
        let executor = runtime.executor();
        // On the control thread, so that connections are accepted whatever becomes of the thread of who joins.
        executor.spawn_control(Arc::clone(&shared).listen(sender, wanted.clone()));
        let addresses = listening.await.map_err(|_| JoinError::NoControl)??;
        executor.spawn_control(Arc::clone(&shared).follow(wanted.clone()));
        executor.spawn_control(Arc::clone(&shared).watch_threads(wanted.clone()));
        executor.spawn_control(Arc::clone(&shared).find(peers, wanted));
        Ok(Self { shared, addresses, interest })
    }

    /// This node's name.
    #[must_use]
    pub fn node(&self) -> &NodeId {
        &self.shared.identity.node
    }

    /// Where other nodes can dial: the real ports, also if port 0 was asked for.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The other nodes: those that are dialled, and those that have dialled.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerStatus> {
        self.shared.members.statuses()
    }

    /// Waits until `enough` holds for the other nodes.
    pub async fn until(&self, mut enough: impl FnMut(&[PeerStatus]) -> bool) {
        let mut changes = self.shared.members.changes();
        loop {
            changes.mark_unchanged();
            if enough(&self.peers()) || changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// How long a node takes to answer a ping, by which all that it offered when it was asked is known here; `None` if it
    /// is not connected, or is lost before it answers.
    pub async fn ping(&self, node: &NodeId) -> Option<Duration> {
        let peer = self.shared.members.peer(node)?;
        timeout(self.shared.config.silence_limit, peer.ping()).await.ok()
    }

    /// Tells all other nodes to send nothing new. What they have sent is still answered.
    pub fn drain(&self) {
        self.interest.send_if_modified(|interest| {
            let changes = *interest < Interest::Draining;
            *interest = (*interest).max(Interest::Draining);
            changes
        });
    }

    /// Waits until no call is in flight, `limit` at most, and ends every connection. False if some were still in flight.
    pub async fn leave(self, limit: Duration) -> bool {
        self.drain();
        let end = Instant::now().checked_add(limit);
        let idle = self.shared.members.until_idle();
        let finished = match end {
            Some(end) => timeout_at(end, idle).await.is_ok(),
            None => {
                idle.await;
                true
            }
        };
        self.interest.send_replace(Interest::Leaving);
        // Each tells its other side, which is a matter of a moment unless that does not read.
        drop(timeout(FAREWELL, self.shared.members.finish()).await);
        self.interest.send_replace(Interest::Gone);
        // A process that ended now might not have said that it goes.
        drop(timeout(FAREWELL, self.shared.members.until_alone()).await);
        finished
    }
}

impl Shared {
    fn new(runtime: &Runtime, config: ClusterConfig) -> Arc<Self> {
        let identity = Identity {
            cluster: config.cluster.as_str().into(),
            node: config.node.clone(),
            incarnation: Incarnation(fastrand::u64(..)),
            credentials: config.credentials.clone(),
            body_max: config.body_max,
            zone: config.zone.as_deref().map(Into::into),
            host: config.transport.host().filter(|_| config.same_host == SameHost::Unix),
            beside: OnceLock::new(),
        };
        let exposed = Exposed::new(config.body_max, config.weight);
        let (runtime, members) = (runtime.clone(), Members::new());
        Arc::new(Self { runtime, config, identity, exposed, members, threads: Threads::default() })
    }

    /// Keeps the table of what can be called here.
    async fn follow(self: Arc<Self>, mut wanted: watch::Receiver<Interest>) {
        tokio::select! {
            biased;
            () = Arc::clone(&self.exposed).follow(self.runtime.clone()) => {}
            () = until_gone(&mut wanted) => {}
        }
    }

    /// Gives a data connection a thread, on which it runs until it ends.
    fn start(
        self: &Arc<Self>,
        association: &Arc<Association>,
        socket: Box<dyn Socket>,
        thread: usize,
    ) -> Arc<Connection> {
        let peer = Arc::clone(&association.peer);
        let connection = Connection::new(socket.peer(), peer.node.as_str().into(), peer.body_max, socket.cutter());
        let executor = self.runtime.executor();
        self.threads.place(&connection, &peer, thread % executor.shared());
        let (shared, running, association) = (Arc::clone(self), Arc::clone(&connection), Arc::clone(association));
        let started = executor.spawn_shared(thread, move || async move {
            let halves = match socket.bind() {
                Ok(halves) => halves,
                Err(error) => return running.close(&error.to_string(), None),
            };
            association.add(&running);
            if peer.connections() == 1 {
                tracing::info!(node = %peer.node, address = running.peer(), "connected");
            }
            let reason = Arc::clone(&running).run(Arc::clone(&shared.exposed), halves).await;
            peer.remove_connection(&running);
            tracing::debug!(peer = %peer.node, %reason, "a data connection has ended");
        });
        if !started {
            connection.close("its thread is gone", None);
        }
        connection
    }
}

fn check_addresses(config: &ClusterConfig, peers: &[Address]) -> Result<(), JoinError> {
    let exposed = config.listen.iter().chain(peers).find(|address| !address.is_local());
    match exposed.filter(|_| !config.insecure) {
        Some(address) => Err(JoinError::Insecure(address.clone())),
        None => Ok(()),
    }
}

/// Waits until this node has left, or was dropped.
async fn until_gone(wanted: &mut watch::Receiver<Interest>) {
    drop(wanted.wait_for(|interest| *interest == Interest::Gone).await);
}
