//! Unix sockets, for processes of one machine. A name that begins with `@` is no file but a name in the network
//! namespace (Linux): it is gone with its process, and nobody outside the namespace sees it.
//!
//! Who connects, and who is connected to, has to run as the same user: a name is anybody's to take.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use socket2::SockRef;
use tokio::net::{UnixListener, UnixStream};

use super::named::Named;
use super::{Acceptor, Address, Cutter, ReadHalf, Socket, WriteHalf};

/// How much the kernel holds that was not read, if it may: two chunks of a long body, so that one is read while another is
/// written. What is in there goes before a short call.
const UNREAD_MAX: usize = 512 << 10;

struct Listener {
    listener: UnixListener,
    name: String,
    user: u32,
}

pub(super) async fn connect(name: &str) -> io::Result<Box<dyn Socket>> {
    checked(UnixStream::connect(path(name)).await?, name, user()?)
}

pub(super) fn listen(name: &str) -> io::Result<Box<dyn Acceptor>> {
    let listener = match UnixListener::bind(path(name)) {
        // The file outlives its process. It is in the way only if nobody listens there any more.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_abandoned(name) => {
            fs::remove_file(name)?;
            UnixListener::bind(path(name))
        }
        listener => listener,
    }?;
    Ok(Box::new(Listener { listener, name: name.into(), user: user()? }))
}

/// Names that begin with `@` begin with a 0 for the operating system.
fn path(name: &str) -> String {
    name.strip_prefix('@').map_or_else(|| name.to_owned(), |name| format!("\0{name}"))
}

fn is_abandoned(name: &str) -> bool {
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    name.starts_with('/') && std::os::unix::net::UnixStream::connect(name).err().is_some_and(refused)
}

/// Who this process runs as: the owner of what the kernel shows of it.
fn user() -> io::Result<u32> {
    if cfg!(target_os = "linux") {
        return fs::metadata("/proc/self").map(|process| process.uid());
    }
    // A pair of sockets of one's own is the portable way to ask.
    UnixStream::pair()?.0.peer_cred().map(|peer| peer.uid())
}

fn checked(stream: UnixStream, name: &str, user: u32) -> io::Result<Box<dyn Socket>> {
    let peer = stream.peer_cred()?.uid();
    if peer != user {
        let message = format!("the process at unix:{name} runs as user {peer}, this one as {user}");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    SockRef::from(&stream).set_send_buffer_size(UNREAD_MAX)?;
    Ok(Box::new(Named { stream, name: name.into() }))
}

impl Acceptor for Listener {
    fn address(&self) -> Address {
        Address::Unix(self.name.clone())
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Socket>>> {
        async { checked(self.listener.accept().await?.0, &self.name, self.user) }.boxed()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if self.name.starts_with('/') {
            // Another process may have taken the place already; then this is one error too many to report.
            drop(fs::remove_file(&self.name));
        }
    }
}

impl Socket for Named<UnixStream> {
    fn peer(&self) -> String {
        let process = self.stream.peer_cred().ok().and_then(|peer| peer.pid());
        process.map_or_else(|| format!("unix:{}", self.name), |pid| format!("unix:{} (process {pid})", self.name))
    }

    fn bind(self: Box<Self>) -> io::Result<(ReadHalf, WriteHalf)> {
        let (read, write) = UnixStream::from_std(self.stream.into_std()?)?.into_split();
        Ok((Box::new(read), Box::new(write)))
    }

    fn cutter(&self) -> Option<Cutter> {
        super::cutter(SockRef::from(&self.stream))
    }
}
