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
use crate::error::{CallResult, Error, ErrorKind};

/// How many items a stream sends ahead of its reader. Enough to hide one wake-up, few enough to cost nothing.
const ITEMS_AHEAD: usize = 16;

/// The worker's end.
pub(crate) struct StreamSink {
    items: mpsc::Sender<CallResult<Typed>>,
    sent: Rc<Cell<bool>>,
}

/// What the worker watches to learn that the caller has gone.
pub(crate) struct StreamReply {
    pub(crate) items: mpsc::Sender<CallResult<Typed>>,
    pub(crate) listening: oneshot::Sender<()>,
}

/// The caller's end: a stream of items that still have to be given their type.
///
/// Dropping it cancels the method at its next await.
pub struct ItemStream {
    first: Option<Typed>,
    items: mpsc::Receiver<CallResult<Typed>>,
    _listening: oneshot::Receiver<()>,
    idle_timeout: Duration,
    /// Made when the reader waits for the first time.
    idle: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

/// Both ends of one stream.
pub(crate) fn stream(idle_timeout: Duration) -> (StreamReply, ItemStream) {
    let (sender, items) = mpsc::channel(ITEMS_AHEAD);
    let (listening, listener) = oneshot::channel();
    let stream = ItemStream { first: None, items, _listening: listener, idle_timeout, idle: None, ended: false };
    (StreamReply { items: sender, listening }, stream)
}

impl StreamSink {
    /// `sent` is set when the first item has gone out.
    pub(crate) fn new(items: mpsc::Sender<CallResult<Typed>>, sent: Rc<Cell<bool>>) -> Self {
        Self { items, sent }
    }

    /// Sends one item, when the reader has room for it.
    pub(crate) async fn send(&mut self, item: Typed) -> CallResult<()> {
        self.items.send(Ok(item)).await.map_err(|_| Error::new(ErrorKind::Cancelled))?;
        self.sent.set(true);
        Ok(())
    }
}

impl ItemStream {
    /// Waits for the first item, which decides whether the call succeeded.
    pub(crate) fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<CallResult<()>> {
        Poll::Ready(match ready!(self.items.poll_recv(cx)) {
            Some(Ok(item)) => {
                self.first = Some(item);
                Ok(())
            }
            Some(Err(error)) => Err(error),
            None => {
                self.ended = true;
                Ok(())
            }
        })
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = Instant::now() + self.idle_timeout;
        let idle = self.idle.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        idle.as_mut().poll(cx)
    }

    fn end(&mut self, last: Option<CallResult<Typed>>) -> Poll<Option<CallResult<Typed>>> {
        self.ended = true;
        self.items.close();
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
            Poll::Ready(Some(Ok(item))) => {
                this.idle = None;
                Poll::Ready(Some(Ok(item)))
            }
            Poll::Ready(last) => this.end(last),
            Poll::Pending => {
                ready!(this.poll_idle(cx));
                this.end(Some(Err(Error::new(ErrorKind::DeadlineExceeded))))
            }
        }
    }
}
