//! The answer of a streaming method, while it is read.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use http_body_util::BodyExt;
use playhouse_actors::{CallResult, Encoded, Error, ErrorKind, Hop};
use tokio::time::timeout;

use super::items::Items;
use super::leaving::Leaving;
use super::peer::Peer;
use super::reply;
use super::transport::Incoming;

/// A stream that is read. Dropping it closes the connection, which cancels the call over there.
pub(super) struct Reading {
    body: Incoming,
    items: Items,
    /// Items that have arrived and were not taken yet.
    ready: VecDeque<Encoded>,
    /// How it has ended; what is ready comes before.
    ended: Option<CallResult<()>>,
    idle_timeout: Duration,
    item_max: usize,
    hop: Hop,
}

impl Reading {
    pub(super) fn new(peer: &Peer, body: Incoming, items: Items, hop: Hop) -> Self {
        let (idle_timeout, item_max) = (peer.idle_timeout(), peer.max_answer);
        Self { body, items, ready: VecDeque::new(), ended: None, idle_timeout, item_max, hop }
    }

    /// Waits for the first item, or the end.
    ///
    /// # Errors
    /// The error that the stream ends by before it.
    pub(super) async fn first(&mut self) -> CallResult<()> {
        while self.ready.is_empty() && self.ended.is_none() {
            self.advance().await;
        }
        match self.ended.take_if(|_| self.ready.is_empty()) {
            Some(Err(error)) => Err(error),
            ended => {
                self.ended = ended.or(self.ended.take());
                Ok(())
            }
        }
    }

    /// The items. The call is on its way until their end.
    pub(super) fn into_stream(self, mut leaving: Leaving) -> BoxStream<'static, CallResult<Encoded>> {
        leaving.begun();
        stream::unfold((self, leaving), |(mut reading, mut leaving)| async move {
            let item = reading.next().await;
            if !matches!(item, Some(Ok(_))) {
                leaving.ended(&item.clone().transpose());
            }
            Some((item?, (reading, leaving)))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<CallResult<Encoded>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            match &mut self.ended {
                Some(Ok(())) => return None,
                Some(ended) => return std::mem::replace(ended, Ok(())).err().map(Err),
                None => {}
            }
            if timeout(self.idle_timeout, self.advance()).await.is_err() {
                self.end(Err(ErrorKind::DeadlineExceeded.into()));
            }
        }
    }

    /// Reads on: until something has arrived.
    async fn advance(&mut self) {
        match self.body.frame().await {
            None => self.end(self.items.end()),
            Some(Err(error)) => self.end(Err(reply::lost(&error))),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { return };
                let (items, result) = self.items.push(&data, &self.hop);
                self.ready.extend(items);
                if result.is_err() {
                    self.end(result);
                } else if self.items.pending() > self.item_max {
                    self.end(Err(reply::too_large(self.item_max)));
                }
            }
        }
    }

    fn end(&mut self, result: CallResult<()>) {
        let placed = |error: Error| if error.chain().is_empty() { error.returned_by(self.hop.clone()) } else { error };
        self.ended = Some(result.map_err(placed));
    }
}
