//! Answers of HTTP/2, and since when each waits for its client.
//!
//! In HTTP/1 a client that does not read keeps the connection from being written, which is seen there. In HTTP/2 each
//! answer has a window of its own, and the HTTP library waits without a limit for one to open. So a body is handed over in
//! pieces, and each piece that is not taken in time costs the client its connection: there is no way to cut one answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep};

use super::connection::{Activity, Busy};

/// How much of an answer is handed over at a time: what a frame of HTTP/2 holds.
const PIECE_MAX: usize = 16 << 10;

/// The answers of a connection of which a piece waits for the client.
#[derive(Default)]
pub(super) struct Owed {
    next: Cell<u64>,
    since: RefCell<BTreeMap<u64, Instant>>,
}

impl Owed {
    fn begin(&self) -> u64 {
        let number = self.next.replace(self.next.get() + 1);
        self.since.borrow_mut().insert(number, Instant::now());
        number
    }

    fn end(&self, number: u64) {
        self.since.borrow_mut().remove(&number);
    }

    /// Since when the client has not taken what waits for it longest. They are in the order in which they began.
    fn oldest(&self) -> Option<Instant> {
        self.since.borrow().first_key_value().map(|(_, since)| *since)
    }
}

/// Looks now and then whether a client takes its answers, while it asks for any.
#[derive(Default)]
pub(super) struct Watch(Option<Pin<Box<Sleep>>>);

impl Watch {
    /// Ready when a piece has waited for as long as `limit`. To be polled whenever the connection is read.
    pub(super) fn poll(&mut self, activity: &Activity, asks: bool, limit: Duration, cx: &mut Context<'_>) -> Poll<()> {
        if asks && self.0.is_none() {
            self.0 = Some(Box::pin(sleep(limit)));
        }
        while let Some(look) = &mut self.0 {
            ready!(look.as_mut().poll(cx));
            let oldest = activity.owed().oldest();
            if oldest.is_some_and(|since| since.elapsed() >= limit) {
                return Poll::Ready(());
            }
            if activity.is_quiet() {
                // The next request sets it again.
                self.0 = None;
            } else {
                look.as_mut().reset(oldest.unwrap_or_else(Instant::now) + limit);
            }
        }
        Poll::Pending
    }
}

/// A body that is handed over piece by piece, and each of them noted until the next is asked for.
pub(super) struct Pieces {
    body: BoxBody,
    rest: Bytes,
    waits: Option<u64>,
    busy: Busy,
}

impl Pieces {
    pub(super) fn new(body: BoxBody, busy: Busy) -> Self {
        Self { body, rest: Bytes::new(), waits: None, busy }
    }

    /// The last piece has been taken, or nobody wants it any more.
    fn taken(&mut self) {
        if let Some(number) = self.waits.take() {
            self.busy.activity().owed().end(number);
        }
    }
}

impl MessageBody for Pieces {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.taken();
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(bytes)) => self.rest = bytes,
                other => return Poll::Ready(other),
            }
        }
        let length = self.rest.len().min(PIECE_MAX);
        let piece = self.rest.split_to(length);
        let number = Rc::clone(self.busy.activity()).owed().begin();
        self.waits = Some(number);
        Poll::Ready(Some(Ok(piece)))
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.taken();
    }
}
