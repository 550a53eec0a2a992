//! A call on its way out: its place among those that may be, the id of the request it is made for, and how it ends.

use std::sync::Arc;

use http::HeaderValue;
use playhouse_actors::{CallOutcome, CallResult, Context, RemoteRequest};
use tokio::time::Instant;

use super::figures::MethodFigures;
use super::peer::{Peer, Place};

/// A call on its way out. It is counted when it is dropped.
pub(super) struct Leaving {
    pub(super) request: RemoteRequest<'static>,
    /// By which logs over there can know the request that it is made for.
    pub(super) id: Option<HeaderValue>,
    figures: Arc<MethodFigures>,
    began: Instant,
    outcome: Option<CallOutcome>,
    /// Whether its stream has begun.
    has_begun: bool,
    place: Option<Place>,
}

impl Leaving {
    /// To be made where the call is: the request is found through the thread.
    pub(super) fn of(peer: &Arc<Peer>, request: RemoteRequest<'_>) -> Self {
        let request = request.into_owned();
        let id = Context::current().request_id().and_then(|id| HeaderValue::try_from(id).ok());
        let figures = peer.figures.method(&request.method);
        Self { request, id, figures, began: Instant::now(), outcome: None, has_begun: false, place: peer.enter() }
    }

    /// Whether there is room for it among those that are on their way.
    pub(super) fn has_place(&self) -> bool {
        self.place.is_some()
    }

    /// Notes that it is made once more.
    pub(super) fn again(&self) {
        self.figures.retried();
    }

    /// Notes how it has ended.
    pub(super) fn ended<T>(&mut self, result: &CallResult<T>) {
        // A stream that has failed also ends.
        self.outcome.get_or_insert(CallOutcome::of(result));
    }

    /// Notes that its stream has begun: from now on it is its caller who ends it, its deadline is over.
    pub(super) fn begun(&mut self) {
        self.has_begun = true;
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        // A caller whose time is over does not say so, it goes.
        let is_late = || !self.has_begun && Instant::now() >= self.request.context.deadline;
        let gone = || if is_late() { CallOutcome::DeadlineExceeded } else { CallOutcome::Cancelled };
        self.figures.ended(self.outcome.unwrap_or_else(gone), self.began.elapsed());
    }
}
