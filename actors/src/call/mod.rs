//! One call, from its router to its answer: chooses a replica, waits no longer than the deadline, tries another replica
//! where the first has proved not to have begun. Dropping it cancels it.

mod limit;
pub(crate) mod local;
mod tell;
pub(crate) mod told;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::body::{Body, Codec, Encoded, Typed};
use crate::context::CallContext;
use crate::deadline::Deadlines;
use crate::error::{CallResult, Error, ErrorKind, Hop};
use crate::group::envelope::Undone;
use crate::group::{Group, Submission};
use crate::id::ReplicaId;
use crate::outcome::CallOutcome;
use crate::remote::{Remote, RemoteRequest};
use crate::request::Origin;
use crate::router::{Chosen, Route, Routes, Wanted};
use crate::trace::span::{CallSpan, SpanKind};
use limit::within;
use local::{local, local_stream};
pub(crate) use tell::tell;

/// How many replicas are tried for one call at most.
const TRIES_MAX: usize = 3;

/// A method of a service as its caller knows it.
pub(crate) struct Called<'a> {
    pub(crate) wanted: Wanted<'a>,
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
pub(crate) struct Destination<'a> {
    pub(crate) routes: &'a Routes,
    pub(crate) deadlines: &'a Arc<Deadlines>,
}

/// Makes a call that is answered once: typed if its body is, encoded otherwise.
pub(crate) async fn call(
    destination: Destination<'_>,
    called: &Called<'_>,
    mut body: Body,
    mut context: CallContext,
) -> CallResult<Body> {
    let mut tried = Tried::default();
    loop {
        let mut chosen = tried.next(destination.routes, called, &mut context)?;
        let undone = match attempt(&mut chosen, destination, called, body, &context).await {
            Ok(reply) => return Ok(reply),
            Err(undone) => undone,
        };
        body = tried.again(undone, &chosen, called)?;
    }
}

/// Makes a call that is answered by a stream; resolves when the first item is there.
pub(crate) async fn call_stream(
    destination: Destination<'_>,
    called: &Called<'_>,
    mut body: Body,
    mut context: CallContext,
) -> CallResult<BodyStream> {
    let mut tried = Tried::default();
    loop {
        let mut chosen = tried.next(destination.routes, called, &mut context)?;
        let undone = match attempt_stream(&mut chosen, destination, called, body, &context).await {
            Ok(stream) => return Ok(stream),
            Err(undone) => undone,
        };
        body = tried.again(undone, &chosen, called)?;
    }
}

/// Items as they come from a replica.
pub(crate) type BodyStream = BoxStream<'static, CallResult<Body>>;

/// The replicas that were tried with one call.
#[derive(Default)]
struct Tried {
    replicas: Vec<ReplicaId>,
    /// What the last one said.
    last: Option<Error>,
}

impl Tried {
    /// The replica to try next; when there is none, or too many calls were made once more already, the error of the last
    /// one, which says more.
    fn next(&mut self, routes: &Routes, called: &Called<'_>, context: &mut CallContext) -> CallResult<Chosen> {
        let chosen = routes.choose(&called.wanted, &self.replicas).map_err(|none| {
            let method = called.wanted.method.into();
            let hop = || Hop { service: routes.service().into(), method, replica: String::new() };
            self.last.take().unwrap_or_else(|| none.refused_by(hop()))
        })?;
        match self.last.take() {
            None => routes.count_call(),
            Some(last) if !routes.take_retry() => return Err(last),
            Some(_) => context.attempt = context.attempt.saturating_add(1),
        }
        Ok(chosen)
    }

    /// The body, if it can be sent to another replica; else the error that its caller gets.
    fn again(&mut self, undone: Undone<Body>, chosen: &Chosen, called: &Called<'_>) -> CallResult<Body> {
        let Undone { error, returned } = undone;
        self.replicas.push(chosen.route.replica().clone());
        let did_not_run = error.is_retryable() && error.proves_not_started();
        // Lost on the way, and not by a service that the called one calls.
        let is_lost = matches!(error.kind(), ErrorKind::MayHaveRun { .. }) && !error.is_from_dependency();
        let elsewhere = did_not_run || is_lost && chosen.is_idempotent(called.wanted.method);
        let Some(body) = returned.filter(|_| elsewhere && self.replicas.len() < TRIES_MAX) else { return Err(error) };
        self.last = Some(error);
        Ok(body)
    }
}

async fn attempt(
    chosen: &mut Chosen,
    destination: Destination<'_>,
    called: &Called<'_>,
    body: Body,
    context: &CallContext,
) -> Result<Body, Undone<Body>> {
    match &chosen.route {
        Route::Local(group) => {
            let (submission, encoded) = submission(group, called, body, context)?;
            let method = submission.method;
            let reply = match local(group, destination.deadlines, submission) {
                Ok(answer) => answer.await,
                Err(undone) => Err(undone),
            };
            match (reply, encoded) {
                (Ok(reply), None) => Ok(Body::Typed(reply)),
                (Ok(reply), Some(_)) => group.encode(method, reply, called.reply).map_err(Undone::new),
                (Err(undone), encoded) => Err(undone.of(encoded)),
            }
        }
        // In a box of its own: the future of every local call would have room for it otherwise.
        Route::Remote(remote) => {
            let remote = Arc::clone(remote);
            Box::pin(attempt_remote(&*remote, chosen, destination, called, body, context)).await
        }
    }
}

async fn attempt_remote(
    remote: &dyn Remote,
    chosen: &mut Chosen,
    destination: Destination<'_>,
    called: &Called<'_>,
    body: Body,
    context: &CallContext,
) -> Result<Body, Undone<Body>> {
    let mut request = request(remote, destination.routes, called, &body, context).map_err(Undone::new)?;
    let span = begin_span(remote, destination.routes, called, &mut request);
    let reply = within(destination.deadlines, context.deadline, remote.call(request)).await;
    chosen.note(destination.routes, &reply);
    let reply = reply.and_then(|reply| as_wanted(reply, typed_reply(called, &body)));
    let reply = reply.map_err(|error| placed(error, remote, destination.routes, called.wanted.method));
    span.ended(CallOutcome::of(&reply));
    reply.map_err(|error| Undone { error, returned: Some(body) })
}

async fn attempt_stream(
    chosen: &mut Chosen,
    destination: Destination<'_>,
    called: &Called<'_>,
    body: Body,
    context: &CallContext,
) -> Result<BodyStream, Undone<Body>> {
    match &chosen.route {
        Route::Local(group) => {
            let (submission, encoded) = submission(group, called, body, context)?;
            let method = submission.method;
            let items = match local_stream(group, destination.deadlines, submission) {
                Ok(first) => first.await,
                Err(undone) => Err(undone),
            };
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
            let remote = Arc::clone(remote);
            let mut request = request(&*remote, destination.routes, called, &body, context).map_err(Undone::new)?;
            let types = typed_reply(called, &body);
            let span = begin_span(&*remote, destination.routes, called, &mut request);
            let items = within(destination.deadlines, context.deadline, remote.stream(request)).await;
            chosen.note(destination.routes, &items);
            span.ended(CallOutcome::of(&items));
            items
                .map(|items| {
                    let wanted = move |item: CallResult<Encoded>| {
                        // It goes on to the last item.
                        span.note_error(&item);
                        item.and_then(|item| as_wanted(item, types))
                    };
                    items.map(wanted).boxed()
                })
                .map_err(|error| Undone { error, returned: Some(body) })
        }
    }
}

/// The message for a group of this process. An encoded body is decoded, before it takes a place, and kept for a retry.
fn submission(
    group: &Group,
    called: &Called<'_>,
    body: Body,
    context: &CallContext,
) -> Result<(Submission, Option<Encoded>), Undone<Body>> {
    let method = group.definition.method(called.wanted.method).map_err(Undone::new)?;
    let (message, encoded) = match body {
        Body::Typed(message) => (message, None),
        Body::Encoded(encoded) => (group.decode(method, &encoded).map_err(Undone::new)?, Some(encoded)),
    };
    Ok((Submission { method, message, context: context.clone() }, encoded))
}

fn request<'a>(
    remote: &dyn Remote,
    routes: &'a Routes,
    called: &Called<'a>,
    body: &Body,
    context: &CallContext,
) -> CallResult<RemoteRequest<'a>> {
    routes.count_remote();
    let codec = remote.codec();
    let (body, reply) = match (body, called.types) {
        (Body::Encoded(encoded), _) => (encoded.clone(), called.reply),
        (Body::Typed(message), Some(types)) => ((types.encode_message)(message, codec)?, codec),
        (Body::Typed(_), None) => unreachable!("a typed body comes with its types"),
    };
    let (service, method, context) = (routes.service().into(), called.wanted.method.into(), context.clone());
    Ok(RemoteRequest { service, method, body, reply, context, origin: Origin::current() })
}

/// Begins the span of a call to another process, if it belongs to a recorded trace; over there that one is the parent.
fn begin_span(remote: &dyn Remote, routes: &Routes, called: &Called<'_>, request: &mut RemoteRequest<'_>) -> CallSpan {
    let names = || (routes.service(), called.wanted.method, remote.replica().to_string());
    CallSpan::begin(&mut request.context.trace, SpanKind::Sent, names)
}

/// An error that came about on this side of the way, such as a deadline, with where the call had gone.
fn placed(error: Error, remote: &dyn Remote, routes: &Routes, method: &str) -> Error {
    if !error.chain().is_empty() || error.proves_not_started() {
        return error;
    }
    let replica = remote.replica().to_string();
    error.returned_by(Hop { service: routes.service().into(), method: method.into(), replica })
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
