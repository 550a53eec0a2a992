//! Playhouse between processes: who is there, where their services are, and how a message gets across.
//!
//! What runs inside one process is [`playhouse_actors`]'; this crate joins such processes into a cluster. HTTP and
//! models are the business of the crate `playhouse` above it: a reader of this one needs neither.
//!
//! Today it holds the door to etcd, the store that all nodes of a cluster agree on: [`Endpoints`] says where its
//! servers are, [`Etcd`] is a session with one of them, and [`EtcdError`] tells apart the reasons why there is none.

mod etcd;

pub use etcd::{ClusterId, Endpoint, Endpoints, Error as EtcdError, Etcd, MalformedEndpoint, ServerStatus};
