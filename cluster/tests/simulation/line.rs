//! One end of a connection in a simulated network.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use playhouse_cluster::transport::{ReadHalf, Socket, WriteHalf};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use turmoil::net::TcpStream;

/// For how long a line takes so many bytes as its rate says.
const PERIOD: Duration = Duration::from_millis(1);
/// One in so many reads and writes is cut short.
const SHORT: u8 = 8;

/// What is known of one end of a connection; it is there for as long as a node holds that.
pub(crate) struct Line {
    local: SocketAddr,
    remote: SocketAddr,
    state: Mutex<State>,
}

struct State {
    rng: fastrand::Rng,
    /// Bytes in a period.
    rate: usize,
    /// What is left of them, until when.
    left: usize,
    until: Instant,
    /// It is reset after so many more bytes were written.
    cut_after: Option<usize>,
    is_reset: bool,
    wakers: Vec<Waker>,
}

/// One end of a connection, or a half of it.
pub(crate) struct Wire<T = TcpStream> {
    line: Arc<Line>,
    io: T,
    /// Wakes a writer for whom there was no room in this period.
    room: Option<Pin<Box<Sleep>>>,
}

impl Line {
    pub(crate) fn new(local: SocketAddr, remote: SocketAddr, rate: usize, rng: fastrand::Rng) -> Arc<Self> {
        let (until, wakers) = (Instant::now(), Vec::new());
        let state = State { rng, rate, left: rate, until, cut_after: None, is_reset: false, wakers };
        Arc::new(Self { local, remote, state: Mutex::new(state) })
    }

    /// The host that it is on, and the one at the other end.
    pub(crate) fn hosts(&self) -> (IpAddr, IpAddr) {
        (self.local.ip(), self.remote.ip())
    }

    /// A name for the connection, the same at both ends.
    pub(crate) fn connection(&self) -> (SocketAddr, SocketAddr) {
        (self.local.min(self.remote), self.local.max(self.remote))
    }

    pub(crate) fn set_rate(&self, rate: usize) {
        self.state().rate = rate;
    }

    /// Resets this end. What it has written still arrives, unless the other end is reset too.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.is_reset = true;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Resets this end when so many more bytes have been written.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.state().cut_after = Some(bytes);
    }

    /// Takes back what [`Line::cut_after`] has set.
    pub(crate) fn heal(&self) {
        self.state().cut_after = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much can be read at once; less than there is room for, now and then.
    fn poll_readable(&self, room: usize, cx: &Context<'_>) -> Poll<io::Result<usize>> {
        let mut state = self.state();
        if state.is_reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        state.wait(cx);
        Poll::Ready(Ok(state.part_of(room)))
    }

    /// How much of so many bytes can be written at this moment; when there is room again, if none can.
    fn writable(&self, bytes: usize, cx: &Context<'_>) -> io::Result<Result<usize, Instant>> {
        let mut state = self.state();
        if state.cut_after == Some(0) {
            state.is_reset = true;
        }
        if state.is_reset {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        state.wait(cx);
        let now = Instant::now();
        if now >= state.until {
            (state.left, state.until) = (state.rate, now + PERIOD);
        }
        if state.left == 0 {
            return Ok(Err(state.until));
        }
        let most = bytes.min(state.left).min(state.cut_after.unwrap_or(usize::MAX));
        Ok(Ok(state.part_of(most)))
    }

    fn wrote(&self, bytes: usize) {
        let mut state = self.state();
        state.left -= bytes;
        if let Some(left) = &mut state.cut_after {
            *left -= bytes;
        }
    }
}

impl State {
    /// Has the task woken by a reset.
    fn wait(&mut self, cx: &Context<'_>) {
        if !self.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.wakers.push(cx.waker().clone());
        }
    }

    fn part_of(&mut self, whole: usize) -> usize {
        if whole > 1 && self.rng.u8(..SHORT) == 0 { self.rng.usize(1..=whole) } else { whole }
    }
}

impl<T> Wire<T> {
    pub(crate) fn new(line: Arc<Line>, io: T) -> Self {
        Self { line, io, room: None }
    }
}

impl Socket for Wire {
    fn peer(&self) -> String {
        self.line.remote.to_string()
    }

    fn bind(self: Box<Self>) -> io::Result<(ReadHalf, WriteHalf)> {
        let Self { line, io, .. } = *self;
        let (read, write) = io.into_split();
        Ok((Box::new(Wire::new(Arc::clone(&line), read)), Box::new(Wire::new(line, write))))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Wire<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        let part = std::task::ready!(self.line.poll_readable(room, cx))?;
        if part == room {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        let mut bytes = vec![0; part];
        let mut short = ReadBuf::new(&mut bytes);
        std::task::ready!(Pin::new(&mut self.io).poll_read(cx, &mut short))?;
        buf.put_slice(short.filled());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.line.writable(bytes.len(), cx)? {
                Ok(part) => {
                    self.room = None;
                    let written = std::task::ready!(Pin::new(&mut self.io).poll_write(cx, &bytes[..part]))?;
                    self.line.wrote(written);
                    return Poll::Ready(Ok(written));
                }
                Err(until) => {
                    let room = self.room.get_or_insert_with(|| Box::pin(sleep_until(until)));
                    std::task::ready!(room.as_mut().poll(cx));
                    self.room = None;
                }
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
