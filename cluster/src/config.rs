//! What a node is to do as a member of a cluster.

use std::sync::Arc;
use std::time::Duration;

use playhouse_actors::Bytes;

use crate::discovery::{Discovery, StaticPeers};
use crate::id::NodeId;
use crate::transport::{Address, Sockets, Transport};
use crate::wire::BODY_MAX;

/// The name of a cluster that was given none.
pub const CLUSTER: &str = "default";

/// How calls go between two nodes of one machine that know each other by an address of TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameHost {
    /// Over unix sockets where both nodes want that, run as the same user and are in one network namespace; Linux only.
    #[default]
    Unix,
    /// Over TCP like all others.
    Tcp,
}

/// What a node is to do as a member of a cluster.
#[derive(Clone)]
pub struct ClusterConfig {
    /// The cluster's name: nodes of different clusters do not talk to each other. `default` unless set.
    pub cluster: String,
    /// This node's name; one that no other has unless set.
    pub node: NodeId,
    /// Where other nodes can dial; nowhere unless set, which suffices to call them.
    pub listen: Vec<Address>,
    /// Where other nodes are.
    pub discovery: Arc<dyn Discovery>,
    /// How they are reached.
    pub transport: Arc<dyn Transport>,
    /// The zone that it is in, such as a rack or a data centre: replicas of its own zone come first. None unless set; then
    /// all replicas are equally near.
    pub zone: Option<String>,
    /// How many messages its replicas are to have, in proportion to those of other nodes; 1 unless set.
    pub weight: u32,
    /// Whether addresses are allowed that other machines can reach. Nothing is encrypted, and nobody proves who they
    /// are, so this has to be asked for.
    pub insecure: bool,
    /// What nodes of this cluster show each other; nothing unless set. It is sent as it is.
    pub credentials: Bytes,
    /// How many connections carry calls to one node; one for each shared thread unless set.
    pub data_connections: Option<usize>,
    /// How calls go to nodes of the same machine.
    pub same_host: SameHost,
    /// The longest body that is taken in, in bytes.
    pub body_max: u64,
    /// The longest time in which a connection has to come about, and its first words to be said.
    pub connect_limit: Duration,
    /// How long a node may be silent until it counts as dead.
    pub silence_limit: Duration,
    /// The shortest and the longest pause before a node is dialled again.
    pub redial: (Duration, Duration),
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            cluster: CLUSTER.into(),
            node: NodeId::random(fastrand::u64(..)),
            listen: Vec::new(),
            discovery: Arc::new(StaticPeers::default()),
            transport: Arc::new(Sockets),
            zone: None,
            weight: 1,
            insecure: false,
            credentials: Bytes::default(),
            data_connections: None,
            same_host: SameHost::default(),
            body_max: BODY_MAX,
            connect_limit: Duration::from_secs(1),
            silence_limit: Duration::from_secs(3),
            redial: (Duration::from_millis(50), Duration::from_secs(5)),
        }
    }
}
