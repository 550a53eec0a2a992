//! The way of a stream's items from a worker to its caller: bounded, and given up when either end goes away.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep};

use crate::body::Typed;
use crate::deadline::after;
use crate::error::{CallResult, Error, ErrorKind};

/// How many items a stream sends ahead of its reader. Enough to hide one wake-up, few enough to cost nothing.
const ITEMS_AHEAD: usize = 16;

/// What goes through the channel: an item, the end (`None`), or an error, which ends it too.
pub(crate) type Sent = CallResult<Option<Typed>>;

/// The worker's end.
pub(crate) struct StreamSink {
    items: mpsc::Sender<Sent>,
    sent: Rc<Cell<u64>>,
    idle_timeout: Duration,
}

/// What the worker watches to learn that the caller has gone.
pub(crate) struct StreamReply {
    pub(crate) items: mpsc::Sender<Sent>,
    /// A place in the channel that is kept for the end, so that a reader who is behind does not miss it.
    last: mpsc::OwnedPermit<Sent>,
    pub(crate) listening: oneshot::Sender<()>,
}

/// The caller's end: a stream of items that still have to be given their type.
///
/// Dropping it cancels the method at its next await.
pub(crate) struct ItemStream {
    first: Option<Typed>,
    items: mpsc::Receiver<Sent>,
    /// Dropped with the stream, or at its end: that is how the worker learns of it.
    listening: Option<oneshot::Receiver<()>>,
    idle_timeout: Duration,
    /// Made when the reader waits for the first time.
    idle: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

/// Both ends of one stream.
pub(crate) fn stream(idle_timeout: Duration) -> (StreamReply, ItemStream) {
    let (sender, items) = mpsc::channel(ITEMS_AHEAD + 1);
    let last = sender.clone().try_reserve_owned().expect("nothing has been sent yet");
    let (listening, listener) = oneshot::channel();
    let stream = ItemStream { first: None, items, listening: Some(listener), idle_timeout, idle: None, ended: false };
    (StreamReply { items: sender, last, listening }, stream)
}

impl StreamReply {
    /// Ends the stream: well, or by an error. Without it the reader takes the stream for cut short.
    pub(crate) fn end(self, result: CallResult<()>) {
        self.last.send(result.map(|()| None));
    }
}

impl StreamSink {
    /// `sent` counts the items that have gone out.
    pub(crate) fn new(items: mpsc::Sender<Sent>, sent: Rc<Cell<u64>>, idle_timeout: Duration) -> Self {
        Self { items, sent, idle_timeout }
    }

    /// Sends one item, when the reader has room for it; a reader that does not come back within the idle timeout is
    /// given up, so that it cannot hold a slot for ever.
    pub(crate) async fn send(&mut self, item: Typed) -> CallResult<()> {
        use mpsc::error::TrySendError;
        match self.items.try_send(Ok(Some(item))) {
            Ok(()) => {}
            Err(TrySendError::Full(item)) => {
                let sent = tokio::time::timeout(self.idle_timeout, self.items.send(item)).await;
                sent.map_err(|_| ErrorKind::DeadlineExceeded)?.map_err(|_| ErrorKind::Cancelled)?;
            }
            Err(TrySendError::Closed(_)) => return Err(ErrorKind::Cancelled.into()),
        }
        self.sent.set(self.sent.get() + 1);
        Ok(())
    }
}

impl ItemStream {
    /// Waits for the first item, which decides whether the call succeeded.
    pub(crate) fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<CallResult<()>> {
        Poll::Ready(match ready!(self.items.poll_recv(cx)) {
            Some(Ok(Some(item))) => {
                self.first = Some(item);
                Ok(())
            }
            Some(Ok(None)) => {
                self.ended = true;
                Ok(())
            }
            Some(Err(error)) => Err(error),
            None => Err(cut_short()),
        })
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = after(Instant::now(), self.idle_timeout);
        let idle = self.idle.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        idle.as_mut().poll(cx)
    }

    fn end(&mut self, last: Option<CallResult<Typed>>) -> Poll<Option<CallResult<Typed>>> {
        self.ended = true;
        self.items.close();
        self.listening = None;
        Poll::Ready(last)
    }
}

impl Stream for ItemStream {
    type Item = CallResult<Typed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if this.ended {
            return Poll::Ready(None);
        }
        match this.items.poll_recv(cx) {
            Poll::Ready(Some(Ok(Some(item)))) => {
                this.idle = None;
                Poll::Ready(Some(Ok(item)))
            }
            Poll::Ready(Some(Ok(None))) => this.end(None),
            Poll::Ready(Some(Err(error))) => this.end(Some(Err(error))),
            Poll::Ready(None) => this.end(Some(Err(cut_short()))),
            Poll::Pending => {
                ready!(this.poll_idle(cx));
                this.end(Some(Err(Error::new(ErrorKind::DeadlineExceeded))))
            }
        }
    }
}

/// The worker has gone without a word: its thread was stopped, or a drain came to its limit.
fn cut_short() -> Error {
    ErrorKind::MayHaveRun { reason: "the worker ended before its stream did".into() }.into()
}
