//! A connection, and how long its client may keep it waiting.
//!
//! The HTTP library bounds the size of heads, the first head's time and the silence between requests. It waits without
//! a limit for a client that does not read its answer, and for the rest of every head but the first: that is done here.
//! Timers are made only while a client is waited for, so that a prompt one costs none.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_rt::net::TcpStream;
use actix_web::HttpRequest;
use actix_web::http::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Sleep, sleep};
use tokio_rustls::server::TlsStream;

use super::bare;
use super::config::Limits;
use super::owed::{Owed, Watch};

/// A connection with its limits.
pub(super) struct Connection {
    socket: Socket,
    limits: Limits,
    activity: Rc<Activity>,
    /// Whether to watch for heads that do not come to their end: in HTTP/1 there is nothing else between answers.
    watches_heads: bool,
    /// The activity when this was last looked at.
    changes: u32,
    /// Whether bytes have come since then: they are the beginning of a head.
    begun: bool,
    head: Option<Pin<Box<Sleep>>>,
    write: Option<Pin<Box<Sleep>>>,
    /// For HTTP/2, whose answers wait elsewhere.
    unread: Watch,
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What the requests of a connection tell it.
#[derive(Default)]
pub(super) struct Activity {
    /// How often a request has begun or ended.
    changes: Cell<u32>,
    /// How many are being answered.
    requests: Cell<u32>,
    /// Which answers wait for the client, in HTTP/2.
    owed: Owed,
    is_closed: Cell<bool>,
    closed: Notify,
}

/// A request of a connection that is being answered.
pub(super) struct Busy(Rc<Activity>);

/// How many requests one connection of HTTP/2 may have at a time. The HTTP library announces no limit.
const REQUESTS_MAX: u32 = 256;

/// Written to a client whose head has not come to its end.
const LATE_HEAD: &str = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\n";

impl Connection {
    pub(super) fn plain(socket: TcpStream, limits: Limits) -> Self {
        Self::new(Socket::Plain(socket), limits, true)
    }

    pub(super) fn tls(socket: TlsStream<TcpStream>, limits: Limits) -> Self {
        let speaks_http1 = socket.get_ref().1.alpn_protocol() != Some(b"h2");
        Self::new(Socket::Tls(Box::new(socket)), limits, speaks_http1)
    }

    fn new(socket: Socket, limits: Limits, watches_heads: bool) -> Self {
        // A new connection owes its first head.
        let begun = watches_heads;
        let (activity, unread) = (Rc::default(), Watch::default());
        Self { socket, limits, activity, watches_heads, changes: 0, begun, head: None, write: None, unread }
    }

    pub(super) fn activity(&self) -> &Rc<Activity> {
        &self.activity
    }

    /// Whether the client chose HTTP/1.
    pub(super) fn speaks_http1(&self) -> bool {
        self.watches_heads
    }

    /// Notes how a write went; a client that has not read for too long loses its connection.
    fn written<T>(&mut self, polled: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.write = None;
            return polled;
        }
        late(&mut self.write, self.limits.write_timeout, cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Whether a head that has begun takes too long. The server flushes whenever it has looked at what came in.
    fn poll_late_head(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Activity { changes, requests, .. } = &*self.activity;
        if self.changes != changes.get() || requests.get() > 0 {
            // What has come was a whole head, or belongs to the body of a request.
            (self.changes, self.begun, self.head) = (changes.get(), false, None);
        }
        if !self.begun {
            return Poll::Pending;
        }
        late(&mut self.head, self.limits.head_timeout, cx)
    }

    /// Whether what has come last belongs to no request, so that what is written is no answer of a service.
    fn awaits_head(&self) -> bool {
        let Activity { changes, requests, .. } = &*self.activity;
        self.begun && self.changes == changes.get() && requests.get() == 0
    }

    /// Says what was waited for, as far as that can be written at once.
    fn give_up(&mut self, cx: &mut Context<'_>) -> io::Error {
        let body = format!(
            r#"{{"error":"the head of the request has not arrived within {:?}","kind":"too_slow"}}"#,
            self.limits.head_timeout
        );
        let answer = format!("{LATE_HEAD}content-length: {}\r\n\r\n{body}", body.len());
        let socket = Pin::new(&mut self.socket);
        if socket.poll_write(cx, answer.as_bytes()).is_ready() {
            let _ = Pin::new(&mut self.socket).poll_flush(cx);
        }
        io::ErrorKind::TimedOut.into()
    }
}

/// Waits for a timer, which is set when it is first waited for.
fn late(timer: &mut Option<Pin<Box<Sleep>>>, limit: Duration, cx: &mut Context<'_>) -> Poll<()> {
    timer.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx)
}

impl Busy {
    /// Tells the connection of a request that a head has been read, and that nothing is waited for until it is answered.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let activity = request.conn_data::<Rc<Activity>>()?;
        activity.change(activity.requests.get() + 1);
        Some(Self(Rc::clone(activity)))
    }

    pub(super) fn activity(&self) -> &Rc<Activity> {
        &self.0
    }

    /// Whether its connection has more requests at a time than it may.
    pub(super) fn is_too_much(&self) -> bool {
        self.0.requests.get() > REQUESTS_MAX
    }
}

impl Activity {
    /// That of a connection which has several requests at a time. The HTTP library drops the one of HTTP/1 when its client
    /// goes, and lets those of HTTP/2 run on.
    pub(super) fn shared(request: &HttpRequest) -> Option<Rc<Self>> {
        (request.version() == Version::HTTP_2).then(|| request.conn_data::<Rc<Self>>().cloned()).flatten()
    }

    /// Does some work as long as the connection is there. `None` when that has ended first; the work is dropped.
    pub(super) async fn while_open<F: Future>(&self, work: F) -> Option<F::Output> {
        // Hears of the end from here on.
        let closed = self.closed.notified();
        if self.is_closed.get() {
            return None;
        }
        tokio::select! {
            biased;
            () = closed => None,
            done = work => Some(done),
        }
    }

    pub(super) fn owed(&self) -> &Owed {
        &self.owed
    }

    /// Whether no request is being answered.
    pub(super) fn is_quiet(&self) -> bool {
        self.requests.get() == 0
    }

    fn change(&self, requests: u32) {
        self.changes.set(self.changes.get().wrapping_add(1));
        self.requests.set(requests);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.activity.is_closed.set(true);
        self.activity.closed.notify_waiters();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.change(self.0.requests.get() - 1);
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        let polled = Pin::new(&mut self.socket).poll_read(cx, buffer);
        let has_read = buffer.filled().len() > filled;
        self.begun |= self.watches_heads && has_read;
        let Self { activity, unread, limits, watches_heads, .. } = &mut *self;
        if !*watches_heads && unread.poll(activity, has_read, limits.write_timeout, cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let reason = if self.awaits_head() { bare::with_reason(bytes) } else { None };
        let polled = match reason {
            // The last thing on this connection, written as far as that can be done at once.
            Some(told) => Pin::new(&mut self.socket).poll_write(cx, &told).map_ok(|_| bytes.len()),
            None => Pin::new(&mut self.socket).poll_write(cx, bytes),
        };
        self.written(polled, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.written(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.socket).poll_flush(cx);
        if polled.is_ready() && self.poll_late_head(cx).is_ready() {
            return Poll::Ready(Err(self.give_up(cx)));
        }
        match polled {
            Poll::Ready(flushed) => Poll::Ready(flushed),
            Poll::Pending => self.written(Poll::Pending, cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.written(polled, cx)
    }
}

macro_rules! delegate {
    ($self:ident, $socket:ident => $poll:expr) => {
        match $self.get_mut() {
            Socket::Plain(socket) => {
                let $socket = Pin::new(socket);
                $poll
            }
            Socket::Tls(socket) => {
                let $socket = Pin::new(&mut **socket);
                $poll
            }
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        delegate!(self, socket => socket.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self, socket => socket.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, socket => socket.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_write_vectored(),
            Self::Tls(socket) => socket.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, socket => socket.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, socket => socket.poll_shutdown(cx))
    }
}
