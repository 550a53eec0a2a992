//! Connections within one process, for tests: several nodes on one thread, with a clock that stands still.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{DuplexStream, duplex, split};
use tokio::sync::mpsc;

use super::named::Named;
use super::{Acceptor, Address, ReadHalf, Socket, Transport, WriteHalf};

/// How much a connection holds that nobody has read.
const UNREAD_MAX: usize = 64 << 10;
/// How many connections wait to be accepted.
const BACKLOG: usize = 128;

/// A network of its own within this process. Clones are the same network.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<HashMap<String, mpsc::Sender<DuplexStream>>>>);

struct Listener {
    network: Memory,
    name: String,
    waiting: mpsc::Receiver<DuplexStream>,
}

impl Memory {
    fn listeners(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<DuplexStream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(self, name: String) -> io::Result<Box<dyn Socket>> {
        let refused = || io::Error::new(io::ErrorKind::ConnectionRefused, format!("nobody listens at memory:{name}"));
        let listener = self.listeners().get(&name).cloned().ok_or_else(refused)?;
        let (ours, theirs) = duplex(UNREAD_MAX);
        listener.send(theirs).await.map_err(|_| refused())?;
        Ok(Box::new(Named { stream: ours, name }))
    }

    fn accept_at(&self, name: String) -> io::Result<Box<dyn Acceptor>> {
        let mut listeners = self.listeners();
        if listeners.get(&name).is_some_and(|listener| !listener.is_closed()) {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, format!("memory:{name} is taken")));
        }
        let (sender, waiting) = mpsc::channel(BACKLOG);
        listeners.insert(name.clone(), sender);
        Ok(Box::new(Listener { network: self.clone(), name, waiting }))
    }
}

impl Transport for Memory {
    fn connect(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Socket>>> {
        self.clone().open(name(address)).boxed()
    }

    fn listen(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Acceptor>>> {
        let listener = self.accept_at(name(address));
        async { listener }.boxed()
    }
}

fn name(address: &Address) -> String {
    match address {
        Address::Tcp(name) | Address::Unix(name) | Address::Memory(name) => name.clone(),
    }
}

impl Acceptor for Listener {
    fn address(&self) -> Address {
        Address::Memory(self.name.clone())
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Socket>>> {
        async {
            let stream = self.waiting.recv().await.ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(Box::new(Named { stream, name: self.name.clone() }) as Box<dyn Socket>)
        }
        .boxed()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.network.listeners().remove(&self.name);
    }
}

impl Socket for Named<DuplexStream> {
    fn peer(&self) -> String {
        format!("memory:{}", self.name)
    }

    fn bind(self: Box<Self>) -> io::Result<(ReadHalf, WriteHalf)> {
        let (read, write) = split(self.stream);
        Ok((Box::new(read), Box::new(write)))
    }
}
