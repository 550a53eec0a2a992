//! A message on its way through a group, and the ways in which it is answered.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::body::{Body, Encoded, Typed};
use crate::context::CallContext;
use crate::error::Error;
use crate::group::Group;
use crate::request::Exchange;
use crate::stream::StreamReply;

/// An admitted message.
pub(crate) struct Envelope {
    pub(crate) method: usize,
    pub(crate) message: Typed,
    pub(crate) reply: ReplyTo,
    pub(crate) context: CallContext,
    /// The request that it is sent for, if that matters to anybody.
    pub(crate) exchange: Option<Arc<Exchange>>,
    /// In the unit of the method's `max_cost`.
    pub(crate) cost: u64,
    pub(crate) permit: Permit,
}

/// Where the answer goes.
pub(crate) enum ReplyTo {
    Once(oneshot::Sender<Outcome>),
    Stream(StreamReply),
}

/// An answer: the method's result, or why there is none.
pub(crate) type Outcome = Result<Typed, Undone<Typed>>;

/// A call without a result.
#[derive(Debug)]
pub(crate) struct Undone<B> {
    pub(crate) error: Error,
    /// The message itself if it did not run, so that it can be sent to another replica.
    pub(crate) returned: Option<B>,
}

impl ReplyTo {
    /// Whether the caller has gone.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            ReplyTo::Once(reply) => reply.is_closed(),
            ReplyTo::Stream(reply) => reply.listening.is_closed(),
        }
    }

    /// Answers with an error. A caller that has gone does not mind.
    pub(crate) fn fail(self, error: Error, returned: Option<Typed>) {
        match self {
            ReplyTo::Once(reply) => drop(reply.send(Err(Undone { error, returned }))),
            ReplyTo::Stream(reply) => reply.end(Err(error)),
        }
    }
}

impl<B> Undone<B> {
    pub(crate) fn new(error: Error) -> Self {
        Self { error, returned: None }
    }
}

impl Undone<Typed> {
    /// The same for a body that was decoded from `encoded`, if it was.
    pub(crate) fn of(self, encoded: Option<Encoded>) -> Undone<Body> {
        let body = |message| encoded.map_or(Body::Typed(message), Body::Encoded);
        Undone { error: self.error, returned: self.returned.map(body) }
    }
}

/// A place in a group, held from admission until the work has really ended.
pub(crate) struct Permit(Arc<Group>);

impl Permit {
    /// A place, if the group has one left.
    pub(crate) fn acquire(group: &Arc<Group>) -> Option<Self> {
        group.admission.enter().then(|| Self(Arc::clone(group)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.admission.leave();
    }
}
