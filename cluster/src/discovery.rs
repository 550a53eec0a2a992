//! Where other nodes are.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};

use crate::transport::Address;

/// Knows where other nodes are.
pub trait Discovery: Send + Sync + 'static {
    /// Where there are nodes at this moment.
    fn list(&self) -> BoxFuture<'_, Vec<Address>>;

    /// What changes after [`Discovery::list`] was called. It ends when nothing can change any more.
    fn watch(&self) -> BoxStream<'static, Change>;
}

/// A change of where nodes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// There is one now.
    Added(Address),
    /// There is none any more. A connection that works stays until it ends.
    Removed(Address),
}

/// Nodes at addresses that are known from the start: whether they run is seen by who connects.
#[derive(Clone, Debug, Default)]
pub struct StaticPeers(Vec<Address>);

impl StaticPeers {
    /// These addresses, each once.
    pub fn new(addresses: impl IntoIterator<Item = Address>) -> Self {
        let mut addresses: Vec<_> = addresses.into_iter().collect();
        addresses.sort();
        addresses.dedup();
        Self(addresses)
    }
}

impl Discovery for StaticPeers {
    fn list(&self) -> BoxFuture<'_, Vec<Address>> {
        Box::pin(async { self.0.clone() })
    }

    fn watch(&self) -> BoxStream<'static, Change> {
        stream::empty().boxed()
    }
}
