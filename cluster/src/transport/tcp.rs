//! TCP: no delay for short frames, and an end for connections whose other side is gone.

use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

use super::named::Named;
use super::{Acceptor, Address, Cutter, ReadHalf, Socket, WriteHalf};

/// How long sent bytes may stay without acknowledgement before the kernel gives the connection up.
const USER_TIMEOUT: Duration = Duration::from_secs(3);

/// How much the kernel holds that it has not sent: what is in there goes before a short call, so it is kept short.
#[cfg(target_os = "linux")]
const UNSENT_MAX: u32 = 256 << 10;

/// How much the kernel holds that was not read: a short call waits for that too. By itself it would hold up to tens of
/// megabytes. With a round trip of half a millisecond this is enough for a gigabyte per second.
const UNREAD_MAX: usize = 512 << 10;

/// How much TCP may have waiting in its queue of connections that nobody has accepted yet.
const BACKLOG: u32 = 1024;

struct Listener(TcpListener);

pub(super) async fn connect(address: &str) -> io::Result<Box<dyn Socket>> {
    prepared(TcpStream::connect(address).await?)
}

pub(super) async fn listen(address: &str) -> io::Result<Box<dyn Acceptor>> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("{address} has no address"));
    for address in tokio::net::lookup_host(address).await? {
        match bind(address) {
            Ok(listener) => return Ok(Box::new(Listener(listener))),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn bind(address: std::net::SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { tokio::net::TcpSocket::new_v4() } else { tokio::net::TcpSocket::new_v6() }?;
    // A node that starts again finds its port in the hands of its last connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn prepared(stream: TcpStream) -> io::Result<Box<dyn Socket>> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    socket.set_recv_buffer_size(UNREAD_MAX)?;
    #[cfg(target_os = "linux")]
    {
        socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
        socket.set_tcp_notsent_lowat(UNSENT_MAX)?;
    }
    // An idle connection says nothing that could stay without acknowledgement.
    socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(USER_TIMEOUT).with_interval(USER_TIMEOUT))?;
    let name = stream.peer_addr().map_or_else(|_| "unknown".into(), |address| address.to_string());
    Ok(Box::new(Named { stream, name }))
}

impl Acceptor for Listener {
    fn address(&self) -> Address {
        Address::Tcp(self.0.local_addr().map_or_else(|_| "unknown".into(), |address| address.to_string()))
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Socket>>> {
        async { prepared(self.0.accept().await?.0) }.boxed()
    }
}

impl Socket for Named<TcpStream> {
    fn peer(&self) -> String {
        self.name.clone()
    }

    fn bind(self: Box<Self>) -> io::Result<(ReadHalf, WriteHalf)> {
        let (read, write) = TcpStream::from_std(self.stream.into_std()?)?.into_split();
        Ok((Box::new(read), Box::new(write)))
    }

    fn cutter(&self) -> Option<Cutter> {
        super::cutter(SockRef::from(&self.stream))
    }
}
