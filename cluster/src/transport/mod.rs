//! How bytes get from one process to another: TCP, unix sockets, and within a process for tests.
//!
//! A [`Transport`] opens connections and listens for them; everything above it is the same for all. `tests/transports.rs`
//! runs one suite on each.

mod address;
#[cfg(any(test, feature = "testing"))]
mod memory;
mod named;
mod sockets;
mod tcp;
mod unix;

use std::io;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

pub use address::{Address, MalformedAddress};
#[cfg(any(test, feature = "testing"))]
pub use memory::Memory;
pub use sockets::Sockets;

/// Opens connections, and listens for them.
pub trait Transport: Send + Sync + 'static {
    /// Opens a connection. Who calls sets a limit to the time that it takes.
    ///
    /// # Errors
    /// Why there is none.
    fn connect(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Socket>>>;

    /// Begins to listen.
    ///
    /// # Errors
    /// Why it cannot: most often because somebody else does.
    fn listen(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Acceptor>>>;

    /// A name of this machine since it was started, if its processes reach each other by [`Address::Unix`] with names that
    /// are no files.
    fn host(&self) -> Option<String> {
        None
    }
}

/// Takes connections that others open.
pub trait Acceptor: Send {
    /// Where it listens: the real port, also if port 0 was asked for.
    fn address(&self) -> Address;

    /// The next connection. Dropping the future loses none.
    ///
    /// # Errors
    /// When the operating system has no room for another one, or a peer has gone already: it goes on after both.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Socket>>>;
}

/// An open connection, not yet bound to the thread that it will be used on.
pub trait Socket: AsyncRead + AsyncWrite + Send + Unpin {
    /// Who is on the other side, for messages.
    fn peer(&self) -> String;

    /// Binds it to the calling thread: its events are waited for there from now on.
    ///
    /// # Errors
    /// When the operating system gives nothing to wait with.
    fn bind(self: Box<Self>) -> io::Result<(ReadHalf, WriteHalf)>;

    /// What ends it from another thread, when its own does not answer any more. `None` where that cannot be.
    fn cutter(&self) -> Option<Cutter> {
        None
    }
}

/// Ends a connection, whatever its own thread does: both sides see the end. Is to be dropped with the connection.
pub type Cutter = Box<dyn FnOnce() + Send>;

/// That of a socket of the operating system.
fn cutter(socket: socket2::SockRef<'_>) -> Option<Cutter> {
    let same = socket.try_clone().ok()?;
    // What has ended already cannot be ended.
    Some(Box::new(move || drop(same.shutdown(std::net::Shutdown::Both))))
}

/// The half of a connection that is read.
pub type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;
/// The half of a connection that is written. Dropping it ends what the other side reads.
pub type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;
