//! One call, from its router to its answer: chooses a replica, waits no longer than the deadline, tries another replica
//! where the first has proved not to have begun. Dropping it cancels it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::body::{Body, Codec, Encoded, Typed};
use crate::context::CallContext;
use crate::deadline::{Deadlines, Registration};
use crate::error::{CallResult, ErrorKind};
use crate::executor::Executor;
use crate::group::envelope::{Outcome, Undone};
use crate::group::mailbox::{Phase, Ticket};
use crate::group::stats::count;
use crate::group::{Admitted, Group, Submission};
use crate::id::ReplicaId;
use crate::remote::RemoteRequest;
use crate::router::{Route, Routes};
use crate::stream::ItemStream;
use crate::told::Told;

/// How many replicas are tried for one call at most.
const TRIES_MAX: usize = 3;

/// A method of a service as its caller knows it.
pub(crate) struct Called<'a> {
    pub(crate) method: &'a str,
    /// How typed bodies are read and written; a caller that has encoded ones needs none.
    pub(crate) types: Option<Types>,
    /// How an encoded body is to be answered.
    pub(crate) reply: Codec,
}

/// How the types of a method are read and written.
#[derive(Clone, Copy)]
pub(crate) struct Types {
    pub(crate) encode_message: fn(&Typed, Codec) -> CallResult<Encoded>,
    pub(crate) decode_reply: fn(&Encoded) -> CallResult<Typed>,
}

/// Where calls of one service go.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) routes: &'a Routes,
    pub(crate) deadlines: &'a Arc<Deadlines>,
}

/// Makes a call that is answered once: typed if its body is, encoded otherwise.
pub(crate) async fn call(
    target: Target<'_>,
    called: &Called<'_>,
    mut body: Body,
    context: CallContext,
) -> CallResult<Body> {
    let mut tried = Vec::new();
    loop {
        let route = target.routes.choose(&tried)?;
        let undone = match attempt(&route, target, called, body, context).await {
            Ok(reply) => return Ok(reply),
            Err(undone) => undone,
        };
        body = again(undone, &route, target.routes, &mut tried)?;
    }
}

/// Makes a call that is answered by a stream; resolves when the first item is there.
pub(crate) async fn call_stream(
    target: Target<'_>,
    called: &Called<'_>,
    mut body: Body,
    context: CallContext,
) -> CallResult<BodyStream> {
    let mut tried = Vec::new();
    loop {
        let route = target.routes.choose(&tried)?;
        let undone = match attempt_stream(&route, target, called, body, context).await {
            Ok(stream) => return Ok(stream),
            Err(undone) => undone,
        };
        body = again(undone, &route, target.routes, &mut tried)?;
    }
}

/// Items as they come from a replica.
pub(crate) type BodyStream = BoxStream<'static, CallResult<Body>>;

/// The body, if it can be sent to another replica; else the error that its caller gets.
fn again(undone: Undone<Body>, route: &Route, routes: &Routes, tried: &mut Vec<ReplicaId>) -> CallResult<Body> {
    let Undone { error, returned } = undone;
    tried.push(route.replica().clone());
    let elsewhere = error.is_retryable() && error.proves_not_started();
    match returned {
        Some(body) if elsewhere && tried.len() < TRIES_MAX.min(routes.all().len()) => Ok(body),
        _ => Err(error),
    }
}

async fn attempt(
    route: &Route,
    target: Target<'_>,
    called: &Called<'_>,
    body: Body,
    context: CallContext,
) -> Result<Body, Undone<Body>> {
    match route {
        Route::Local(group) => {
            let (submission, encoded) = submission(group, called, body, context)?;
            let method = submission.method;
            let reply =
                local(group, target.deadlines, submission).await.map_err(|undone| undone.of(encoded.clone()))?;
            let reply =
                if encoded.is_some() { group.encode(method, reply, called.reply) } else { Ok(Body::Typed(reply)) };
            reply.map_err(Undone::new)
        }
        Route::Remote(remote) => {
            let request = request(target.routes, called, &body, context).map_err(Undone::new)?;
            let reply = within(target.deadlines, context.deadline, remote.call(request)).await;
            let types = typed_reply(called, &body);
            let reply = reply.and_then(|reply| as_wanted(reply, types));
            reply.map_err(|error| Undone { error, returned: Some(body) })
        }
    }
}

async fn attempt_stream(
    route: &Route,
    target: Target<'_>,
    called: &Called<'_>,
    body: Body,
    context: CallContext,
) -> Result<BodyStream, Undone<Body>> {
    match route {
        Route::Local(group) => {
            let (submission, encoded) = submission(group, called, body, context)?;
            let method = submission.method;
            let items = local_stream(group, target.deadlines, submission).await;
            let items = items.map_err(|undone| undone.of(encoded.clone()))?;
            let (group, codec) = (Arc::clone(group), encoded.is_some().then_some(called.reply));
            Ok(items
                .map(move |item| match codec {
                    Some(codec) => item.and_then(|item| group.encode(method, item, codec)),
                    None => item.map(Body::Typed),
                })
                .boxed())
        }
        Route::Remote(remote) => {
            let request = request(target.routes, called, &body, context).map_err(Undone::new)?;
            let types = typed_reply(called, &body);
            let items = within(target.deadlines, context.deadline, remote.stream(request)).await;
            items
                .map(|items| items.map(move |item| item.and_then(|item| as_wanted(item, types))).boxed())
                .map_err(|error| Undone { error, returned: Some(body) })
        }
    }
}

/// The message for a group of this process. An encoded body is decoded, before it takes a place, and kept for a retry.
fn submission(
    group: &Group,
    called: &Called<'_>,
    body: Body,
    context: CallContext,
) -> Result<(Submission, Option<Encoded>), Undone<Body>> {
    let method = group.definition.method(called.method).map_err(Undone::new)?;
    let (message, encoded) = match body {
        Body::Typed(message) => (message, None),
        Body::Encoded(encoded) => {
            let message = (group.definition.methods[method].decode)(&encoded);
            (message.map_err(|error| Undone::new(group.stamp(method, error)))?, Some(encoded))
        }
    };
    Ok((Submission { method, message, context }, encoded))
}

fn request(routes: &Routes, called: &Called<'_>, body: &Body, context: CallContext) -> CallResult<RemoteRequest> {
    let (body, reply) = match (body, called.types) {
        (Body::Encoded(encoded), _) => (encoded.clone(), called.reply),
        (Body::Typed(message), Some(types)) => ((types.encode_message)(message, Codec::Msgpack)?, Codec::Msgpack),
        (Body::Typed(_), None) => unreachable!("a typed body comes with its types"),
    };
    Ok(RemoteRequest { service: routes.service().into(), method: called.method.into(), body, reply, context })
}

/// The types of the reply, if the caller wants it typed.
fn typed_reply(called: &Called<'_>, body: &Body) -> Option<Types> {
    called.types.filter(|_| matches!(body, Body::Typed(_)))
}

fn as_wanted(reply: Encoded, types: Option<Types>) -> CallResult<Body> {
    match types {
        Some(types) => (types.decode_reply)(&reply).map(Body::Typed),
        None => Ok(Body::Encoded(reply)),
    }
}

/// Runs a message in a group of this process.
async fn local(group: &Arc<Group>, deadlines: &Arc<Deadlines>, submission: Submission) -> Outcome {
    let waiting = Waiting::new(&submission);
    let admitted = group.submit(submission)?;
    waiting.answer(group, deadlines, admitted).await
}

/// Runs a message in a group of this process; resolves when the first item is there.
async fn local_stream(
    group: &Arc<Group>,
    deadlines: &Arc<Deadlines>,
    submission: Submission,
) -> Result<ItemStream, Undone<Typed>> {
    let waiting = Waiting::new(&submission);
    let admitted = group.submit_stream(submission)?;
    waiting.first_item(group, deadlines, admitted).await
}

/// Sends a message whose answer nobody waits for; it is on its way when this returns, with a deadline like any other.
pub(crate) fn tell(
    target: Target<'_>,
    called: &Called<'static>,
    mut body: Body,
    context: CallContext,
    executor: &Executor,
) -> CallResult<()> {
    let mut tried = Vec::new();
    loop {
        let route = target.routes.choose(&tried)?;
        let undone = match &route {
            Route::Local(group) => {
                let sent = tell_local(group, target.deadlines, called, body, context);
                let Err(undone) = sent else { return Ok(()) };
                undone
            }
            Route::Remote(remote) => {
                let request = request(target.routes, called, &body, context)?;
                let (deadlines, sent) = (Arc::clone(target.deadlines), remote.call(request));
                executor.spawn_control(async move {
                    tell_failure(within(&deadlines, context.deadline, sent).await.map(drop));
                });
                return Ok(());
            }
        };
        body = again(undone, &route, target.routes, &mut tried)?;
    }
}

fn tell_local(
    group: &Arc<Group>,
    deadlines: &Arc<Deadlines>,
    called: &Called<'_>,
    body: Body,
    context: CallContext,
) -> Result<(), Undone<Body>> {
    let (submission, encoded) = submission(group, called, body, context)?;
    let waiting = Waiting::new(&submission);
    let admitted = group.submit(submission).map_err(|undone| undone.of(encoded))?;
    let (group, deadlines) = (Arc::clone(group), Arc::clone(deadlines));
    Told::begin(async move {
        let answer = waiting.answer(&group, &deadlines, admitted).await;
        tell_failure(answer.map(drop).map_err(|undone| undone.error));
    });
    Ok(())
}

fn tell_failure(answer: CallResult<()>) {
    if let Err(error) = answer {
        tracing::debug!(%error, "a message that was told failed");
    }
}

/// What the caller keeps of a submission while it waits.
struct Waiting {
    method: usize,
    deadline: Instant,
}

impl Waiting {
    fn new(submission: &Submission) -> Self {
        Self { method: submission.method, deadline: submission.context.deadline }
    }

    async fn answer(
        self,
        group: &Arc<Group>,
        deadlines: &Arc<Deadlines>,
        admitted: Admitted<oneshot::Receiver<Outcome>>,
    ) -> Outcome {
        let Admitted { ticket, mut reply } = admitted;
        let mut pending = Pending::new(group, ticket);
        let mut limit = Limit::new(deadlines, self.deadline);
        let answer = poll_fn(|cx| limit.poll(poll_reply(&mut reply, group, self.method, cx), cx)).await;
        pending.ended(&answer);
        answer.unwrap_or_else(|error| Err(Undone::new(group.stamp(self.method, error))))
    }

    async fn first_item(
        self,
        group: &Arc<Group>,
        deadlines: &Arc<Deadlines>,
        admitted: Admitted<ItemStream>,
    ) -> Result<ItemStream, Undone<Typed>> {
        let Admitted { ticket, reply: mut items } = admitted;
        let mut pending = Pending::new(group, ticket);
        let mut limit = Limit::new(deadlines, self.deadline);
        let answer = poll_fn(|cx| limit.poll(items.poll_first(cx), cx)).await;
        pending.ended(&answer);
        match answer {
            Ok(Ok(())) => Ok(items),
            Ok(Err(error)) => Err(Undone::new(error)),
            Err(error) => Err(Undone::new(group.stamp(self.method, error))),
        }
    }
}

fn poll_reply(
    reply: &mut oneshot::Receiver<Outcome>,
    group: &Group,
    method: usize,
    cx: &mut Context<'_>,
) -> Poll<Outcome> {
    Pin::new(reply).poll(cx).map(|answer| {
        // The worker's end was dropped without a word: its thread was stopped, or a drain came to its limit.
        let lost = || match group.mailbox.phase() {
            Phase::Closed => ErrorKind::Cancelled,
            _ => ErrorKind::MayHaveRun { reason: "the worker's thread ended".into() },
        };
        answer.unwrap_or_else(|_| Err(Undone::new(group.stamp(method, lost().into()))))
    })
}

/// A message in a group that has not been answered. Dropped before that, it takes the message out of the mailbox;
/// without that, abandoned calls would hold places until a worker came to them. What runs already learns of it by its
/// reply, which nobody holds any more.
struct Pending<'a> {
    group: &'a Arc<Group>,
    ticket: Ticket,
    state: PendingState,
}

enum PendingState {
    Waiting,
    Answered,
    Expired,
}

impl<'a> Pending<'a> {
    fn new(group: &'a Arc<Group>, ticket: Ticket) -> Self {
        Self { group, ticket, state: PendingState::Waiting }
    }

    /// The wait is over: by an answer, or by the deadline.
    fn ended<T>(&mut self, answer: &CallResult<T>) {
        self.state = if answer.is_ok() { PendingState::Answered } else { PendingState::Expired };
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let counter = match self.state {
            PendingState::Answered => return,
            PendingState::Expired => &self.group.rare.expired,
            PendingState::Waiting => &self.group.rare.cancelled,
        };
        count(counter);
        drop(self.group.mailbox.withdraw(self.ticket));
    }
}

/// Waits for `future`, but not beyond `deadline`.
async fn within<T>(
    deadlines: &Arc<Deadlines>,
    deadline: Instant,
    future: impl Future<Output = CallResult<T>>,
) -> CallResult<T> {
    let mut future = std::pin::pin!(future);
    let mut limit = Limit::new(deadlines, deadline);
    poll_fn(|cx| limit.poll(future.as_mut().poll(cx), cx)).await.and_then(|result| result)
}

/// The end of a wait. Nothing is registered for what is ready at once.
struct Limit<'a> {
    deadlines: &'a Arc<Deadlines>,
    deadline: Instant,
    registration: Option<Registration>,
}

impl<'a> Limit<'a> {
    fn new(deadlines: &'a Arc<Deadlines>, deadline: Instant) -> Self {
        Self { deadlines, deadline, registration: None }
    }

    /// Turns "not yet" into an error once the deadline has passed.
    fn poll<T>(&mut self, polled: Poll<T>, cx: &mut Context<'_>) -> Poll<CallResult<T>> {
        if let Poll::Ready(ready) = polled {
            return Poll::Ready(Ok(ready));
        }
        let Some(registration) = &self.registration else {
            self.registration = Some(self.deadlines.register(self.deadline, cx.waker()));
            return Poll::Pending;
        };
        if Instant::now() >= self.deadline {
            return Poll::Ready(Err(ErrorKind::DeadlineExceeded.into()));
        }
        registration.set_waker(cx.waker());
        Poll::Pending
    }
}
