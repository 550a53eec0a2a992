//! A network that counts the attempts to connect.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use playhouse_cluster::Address;
use playhouse_cluster::transport::{Acceptor, Socket, Transport};

/// A network that counts the attempts to connect.
pub(crate) struct Counting {
    network: Arc<dyn Transport>,
    count: AtomicUsize,
}

impl Counting {
    pub(crate) fn of(network: Arc<dyn Transport>) -> Self {
        Self { network, count: AtomicUsize::new(0) }
    }

    /// How many attempts there were.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

impl Transport for Counting {
    fn connect(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Socket>>> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.network.connect(address)
    }

    fn listen(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Acceptor>>> {
        self.network.listen(address)
    }
}
