//! Why a node does not become a member of a cluster.

use std::io;

use crate::transport::Address;

/// Why a node did not become a member. Nothing is left running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// An address was given that other machines can reach.
    #[error(
        "{0} can be reached by other machines, and nothing between nodes is encrypted: \
         use a loopback address or a unix socket, or ask for it with --insecure"
    )]
    Insecure(Address),
    /// An address cannot be listened at.
    #[error("cannot listen at {address}: {error}")]
    Listen {
        /// The address.
        address: Address,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The control thread is gone.
    #[error("the control thread has ended")]
    NoControl,
}
