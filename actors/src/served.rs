//! A group of this process, as those see it who bring calls from other processes.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::body::{Body, Codec, Encoded};
use crate::call::local::{Answer, local_stream};
use crate::call::told::Told;
use crate::context::CallContext;
use crate::deadline::Deadlines;
use crate::description::ServiceDescription;
use crate::error::CallResult;
use crate::group::{Group, Submission};
use crate::id::ReplicaId;
use crate::request::{Origin, within};
use crate::router::Route;
use crate::runtime::Listed;

/// A group of this process. A call that is brought to it stays there: it is never sent on to another replica.
#[derive(Clone)]
pub struct Served {
    group: Arc<Group>,
    deadlines: Arc<Deadlines>,
}

/// A call from another process.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The method, by its index in the service's description.
    pub method: usize,
    /// The arguments.
    pub body: Encoded,
    /// How the answer is to be written.
    pub reply: Codec,
    /// What the call inherits.
    pub context: CallContext,
    /// Whom it is made for.
    pub origin: Origin,
}

/// A call that is not answered yet. Dropping it cancels the call, if that is not over.
#[must_use = "dropping it cancels the call"]
pub struct Answering(Arc<Told>);

/// The other end of an [`Answering`], to begin the call by.
pub struct Beginning(Arc<Told>);

impl Answering {
    /// A call that is about to begin: kept before it does, since it may be answered at once.
    pub fn about_to_begin() -> (Self, Beginning) {
        let told = Arc::<Told>::default();
        (Self(Arc::clone(&told)), Beginning(told))
    }
}

impl Served {
    pub(crate) fn of(listed: &Listed, deadlines: &Arc<Deadlines>) -> Vec<Self> {
        let groups = listed.routes.all().into_iter().filter_map(|route| match route {
            Route::Local(group) => Some(group),
            Route::Remote(_) => None,
        });
        groups.map(|group| Self { group, deadlines: Arc::clone(deadlines) }).collect()
    }

    /// The group itself.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The name by which the cluster knows it.
    #[must_use]
    pub fn replica(&self) -> &ReplicaId {
        &self.group.replica
    }

    /// What its service says of itself.
    #[must_use]
    pub fn description(&self) -> &ServiceDescription {
        &self.group.definition.description
    }

    /// How many messages are waiting or running.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.group.admission.admitted()
    }

    /// Whether messages should rather come here than to a group that is not open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.group.is_open()
    }

    /// Makes a call that is answered once. The body is decoded and checked before it takes a place.
    ///
    /// `answer` runs where the call ends: on the worker's thread, so it must not block. It runs before this returns when
    /// the call is refused, and not at all when the call is cancelled.
    pub fn call(
        &self,
        call: Inbound,
        Beginning(told): Beginning,
        answer: impl FnOnce(CallResult<Encoded>) + Send + 'static,
    ) {
        let (method, reply, deadline) = (call.method, call.reply, call.context.deadline);
        let submitted = self.within(call, |submission| self.group.submit(submission).map_err(|undone| undone.error));
        let admitted = match submitted {
            Ok(admitted) => admitted,
            Err(error) => return answer(Err(error)),
        };
        let Self { group, deadlines } = self.clone();
        told.begin(async move {
            let outcome = Answer::of(&group, &deadlines, admitted, (method, deadline)).await;
            let outcome = outcome.map_err(|undone| undone.error);
            answer(outcome.and_then(|value| group.encode(method, value, reply).map(encoded)));
        });
    }

    /// Makes a call that is answered by a stream; resolves when the first item is there. Dropping either cancels.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn stream(self, call: Inbound) -> CallResult<BoxStream<'static, CallResult<Encoded>>> {
        let (method, reply) = (call.method, call.reply);
        let Self { group, deadlines } = &self;
        let first = self.within(call, |submission| Ok(local_stream(group, deadlines, submission)))?;
        let items = match first {
            Ok(first) => first.await,
            Err(undone) => Err(undone),
        };
        let group = Arc::clone(group);
        let items = items.map_err(|undone| undone.error)?;
        Ok(items.map(move |item| item.and_then(|item| group.encode(method, item, reply).map(encoded))).boxed())
    }

    /// Submits a call within the request that it is made for.
    fn within<T>(&self, call: Inbound, submit: impl FnOnce(Submission) -> CallResult<T>) -> CallResult<T> {
        let Inbound { method, body, context, origin, .. } = call;
        let message = self.group.decode(method, &body)?;
        let mut exchange = origin.exchange(self.description().methods[method].context);
        within(&mut exchange, None, || submit(Submission { method, message, context }))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

fn encoded(body: Body) -> Encoded {
    match body {
        Body::Encoded(encoded) => encoded,
        Body::Typed(_) => unreachable!("the group encodes what it is asked to"),
    }
}
