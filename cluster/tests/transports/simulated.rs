//! Connections in a simulated network.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use playhouse_cluster::Address;
use playhouse_cluster::transport::{Acceptor, ReadHalf, Socket, Transport, WriteHalf};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

/// The network of the simulation that the calling host is in.
pub(crate) struct Simulated;

struct Listener(TcpListener);

struct Connected(TcpStream);

fn text(address: &Address) -> String {
    address.to_string()
}

impl Transport for Simulated {
    fn connect(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Socket>>> {
        let address = text(address);
        async move { Ok(Box::new(Connected(TcpStream::connect(address).await?)) as Box<dyn Socket>) }.boxed()
    }

    fn listen(&self, address: &Address) -> BoxFuture<'static, io::Result<Box<dyn Acceptor>>> {
        let address = text(address);
        async move { Ok(Box::new(Listener(TcpListener::bind(address).await?)) as Box<dyn Acceptor>) }.boxed()
    }
}

impl Acceptor for Listener {
    fn address(&self) -> Address {
        Address::Tcp(self.0.local_addr().unwrap().to_string())
    }

    fn accept(&mut self) -> BoxFuture<'_, io::Result<Box<dyn Socket>>> {
        async { Ok(Box::new(Connected(self.0.accept().await?.0)) as Box<dyn Socket>) }.boxed()
    }
}

impl Socket for Connected {
    fn peer(&self) -> String {
        self.0.peer_addr().map_or_else(|_| "unknown".into(), |address| address.to_string())
    }

    fn bind(self: Box<Self>) -> io::Result<(ReadHalf, WriteHalf)> {
        let (read, write) = self.0.into_split();
        Ok((Box::new(read), Box::new(write)))
    }
}

impl AsyncRead for Connected {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connected {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
