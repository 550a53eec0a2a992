//! A call on a connection, as its caller holds it. Dropping it cancels the call over there.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use playhouse_actors::{CallContext, CallResult, Codec, Encoded, Error, Origin, TraceContext};
use tokio::time::Instant;

use super::Connection;
use super::calls::ITEMS_AHEAD;
use crate::peer::ReplicaLoad;
use crate::wire::{RequestHeader, Trace};

/// A call that has not been sent.
pub(crate) struct Ask {
    /// The number of the method.
    pub(crate) method: u32,
    pub(crate) body: Encoded,
    pub(crate) reply: Codec,
    pub(crate) context: CallContext,
    pub(crate) origin: Origin,
    pub(crate) stream: bool,
    pub(crate) load: Arc<ReplicaLoad>,
    /// Its place among those who wait for room.
    pub(crate) ticket: Option<u64>,
}

/// A call that is answered once.
pub(crate) struct OnceCall(Sending);

/// A call that is answered by a stream.
pub(crate) struct StreamCall {
    call: Sending,
    first: Option<CallResult<Encoded>>,
}

/// A call on its way.
struct Sending {
    connection: Arc<Connection>,
    ask: Ask,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Unsent,
    Sent(u64),
    Over,
}

impl Ask {
    pub(super) fn header(&self, id: u64) -> RequestHeader<'_> {
        let remaining = self.context.deadline.saturating_duration_since(Instant::now());
        RequestHeader {
            id,
            remaining_us: u64::try_from(remaining.as_micros()).unwrap_or(u64::MAX),
            method: self.method,
            credit: if self.stream { ITEMS_AHEAD } else { 0 },
            reply: self.reply,
            attempt: self.context.attempt,
            caller: self.origin.caller.as_ref().map_or(("", ""), |caller| (&caller.service, &caller.method)),
            request_id: self.origin.request_id.as_deref().unwrap_or_default(),
            trace: self.context.trace.as_ref().map(trace),
        }
    }
}

fn trace(context: &TraceContext) -> Trace<'_> {
    Trace {
        trace: context.trace_id().number().to_be_bytes(),
        span: context.span_id().number().to_be_bytes(),
        flags: context.flags(),
        state: context.state(),
    }
}

impl OnceCall {
    pub(crate) fn new(connection: Arc<Connection>, ask: Ask) -> Self {
        Self(Sending::new(connection, ask))
    }
}

impl Future for OnceCall {
    type Output = CallResult<Encoded>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CallResult<Encoded>> {
        let call = &mut self.0;
        let id = std::task::ready!(call.poll_sent(cx))?;
        let answer = call.connection.poll_answer(id, cx);
        if answer.is_ready() {
            call.stage = Stage::Over;
        }
        answer
    }
}

impl StreamCall {
    pub(crate) fn new(connection: Arc<Connection>, ask: Ask) -> Self {
        Self { call: Sending::new(connection, ask), first: None }
    }

    /// Waits for the first item, which decides whether the call succeeded.
    pub(crate) async fn started(mut self) -> CallResult<Self> {
        let first = std::future::poll_fn(|cx| self.poll_item(cx)).await;
        match first {
            Some(Err(error)) => return Err(error),
            item => self.first = item,
        }
        Ok(self)
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<CallResult<Encoded>>> {
        let call = &mut self.call;
        if matches!(call.stage, Stage::Over) {
            return Poll::Ready(None);
        }
        let id = match std::task::ready!(call.poll_sent(cx)) {
            Ok(id) => id,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        let item = std::task::ready!(call.connection.poll_item(id, cx));
        if !matches!(item, Some(Ok(_))) {
            call.stage = Stage::Over;
        }
        Poll::Ready(item)
    }
}

impl Stream for StreamCall {
    type Item = CallResult<Encoded>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<CallResult<Encoded>>> {
        match self.first.take() {
            None => self.poll_item(cx),
            first => Poll::Ready(first),
        }
    }
}

impl Sending {
    fn new(connection: Arc<Connection>, ask: Ask) -> Self {
        ask.load.entered();
        Self { connection, ask, stage: Stage::Unsent }
    }

    /// Sends the request if it has not been. The call's identifier.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<CallResult<u64>> {
        match self.stage {
            Stage::Sent(id) => return Poll::Ready(Ok(id)),
            Stage::Over => unreachable!("not polled after its end"),
            Stage::Unsent => {}
        }
        if let Some(objection) = self.connection.objection(&self.ask.body) {
            self.stage = Stage::Over;
            return Poll::Ready(Err(Error::malformed(format!("a message {objection}"))));
        }
        let sent = std::task::ready!(self.connection.poll_send(&mut self.ask, cx));
        self.stage = sent.as_ref().map_or(Stage::Over, |&id| Stage::Sent(id));
        // The core keeps what it needs for another attempt.
        self.ask.body = Encoded::new(self.ask.body.codec, "");
        Poll::Ready(sent)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.ask.load.left();
        match self.stage {
            Stage::Unsent => self.connection.leave(self.ask.ticket),
            Stage::Sent(id) => self.connection.abandon(id),
            Stage::Over => {}
        }
    }
}
