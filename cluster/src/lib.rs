//! Playhouse between processes: who is there, where their services are, and how a message gets across.
//!
//! What runs inside one process is [`playhouse_actors`]'; this crate joins such processes into a cluster. HTTP and
//! models are the business of the crate `playhouse` above it: a reader of this one needs neither.
//!
//! [`Cluster::join`] makes a node of a [`Runtime`](playhouse_actors::Runtime): other nodes can call its services, and it
//! can call theirs. Modules in the order in which a call passes them: `peer` (a replica elsewhere, as the router sees
//! it), `connection` (many calls on one stream of bytes), [`wire`] (the frames), [`transport`] (the bytes), and over
//! there `connection` again and `exposed` (what can be called, by numbers).
//!
//! [`Endpoints`], [`Etcd`] and [`EtcdError`] are the door to etcd, the store that all nodes of a cluster agree on.

#![cfg_attr(test, allow(clippy::unwrap_used))]

// Calls.
mod connection;
mod exposed;
mod peer;
pub mod transport;
pub mod wire;

// Who is there.
mod cluster;
mod complaints;
mod config;
mod discovery;
mod error;
mod id;
mod watch;

mod etcd;

pub use cluster::{Cluster, PeerState, PeerStatus};
pub use config::{CLUSTER, ClusterConfig, SameHost};
pub use discovery::{Change, Discovery, StaticPeers};
pub use error::JoinError;
pub use etcd::{ClusterId, Endpoint, Endpoints, Error as EtcdError, Etcd, MalformedEndpoint, ServerStatus};
pub use id::{Incarnation, NodeId};
pub use transport::Address;
