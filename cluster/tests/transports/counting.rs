//! A network that keeps the attempts to connect.

use std::io;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use playhouse_cluster::Address;
use playhouse_cluster::transport::{Acceptor, Socket, Transport};

/// A network that keeps the attempts to connect.
pub(crate) struct Counting {
    network: Arc<dyn Transport>,
    dialled: Mutex<Vec<Address>>,
}

impl Counting {
    pub(crate) fn of(network: Arc<dyn Transport>) -> Self {
        Self { network, dialled: Mutex::default() }
    }

    /// How many attempts there were.
    pub(crate) fn count(&self) -> usize {
        self.dialled.lock().unwrap().len()
    }

    /// Where they went.
    pub(crate) fn dialled(&self) -> Vec<Address> {
        self.dialled.lock().unwrap().clone()
    }
}

impl Transport for Counting {
    fn connect(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Socket>>> {
        self.dialled.lock().unwrap().push(address.clone());
        self.network.connect(address)
    }

    fn listen(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Acceptor>>> {
        self.network.listen(address)
    }

    fn host(&self) -> Option<String> {
        self.network.host()
    }
}
