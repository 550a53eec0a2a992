//! Why a node did not start.

use std::io;

use playhouse_actors::StartError;
use playhouse_cluster::JoinError;

use crate::gateway::GatewayError;
use crate::outbound::AuthoritiesError;
use crate::tasks::TaskStoreError;

/// Why a node did not start. Nothing is left running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The services do not fit together, or one of them did not become ready.
    #[error(transparent)]
    Services(#[from] StartError),
    /// The HTTP side did not start.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The node did not become a member of its cluster.
    #[error(transparent)]
    Cluster(#[from] JoinError),
    /// The store of tasks could not be opened.
    #[error(transparent)]
    Tasks(#[from] TaskStoreError),
    /// The file of authorities for services at URLs is of no use.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// The operating system gave no threads.
    #[error("cannot start the threads of the node: {0}")]
    Threads(#[source] io::Error),
}
