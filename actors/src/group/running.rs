//! A message, or a batch of them, while it runs.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::body::Typed;
use crate::context::CallContext;
use crate::deadline::after;
use crate::error::{CallResult, Error};
use crate::group::Group;
use crate::group::beat::Beat;
use crate::group::envelope::{Envelope, Outcome, Permit, ReplyTo, Undone};
use crate::group::stats::MethodCounters;
use crate::method::{Instance, Run};
use crate::outcome::CallOutcome;
use crate::panic::panicked;
use crate::request::{Exchange, MethodName, within};
use crate::stream::{StreamReply, StreamSink};
use crate::trace::span::CallSpan;

/// Work in progress. It ends when the method ends, or when nobody waits for it any more.
pub(crate) struct Running {
    group: Arc<Group>,
    beat: Arc<Beat>,
    seat: usize,
    method: usize,
    context: CallContext,
    /// That of the work: of a batch, the one of its members to whose trace its own calls belong.
    span: CallSpan,
    exchange: Option<Arc<Exchange>>,
    started: Instant,
    messages: usize,
    counted: bool,
    work: Work,
}

enum Work {
    One {
        run: LocalBoxFuture<'static, CallResult<Typed>>,
        call: Option<Once>,
    },
    Batch {
        run: LocalBoxFuture<'static, CallResult<Vec<CallResult<Typed>>>>,
        lane: usize,
        calls: Vec<Once>,
    },
    Stream {
        run: LocalBoxFuture<'static, CallResult<()>>,
        reply: Option<StreamReply>,
        waited: Duration,
        span: CallSpan,
        sent: Rc<Cell<u64>>,
        /// How many of those have been counted.
        noted: u64,
        permit: Option<Permit>,
    },
}

/// One caller that waits for one answer. The permit is given back when the work has ended.
struct Once {
    reply: oneshot::Sender<Outcome>,
    waited: Duration,
    span: CallSpan,
    _permit: Permit,
    /// Kept for its times: the members of a batch have no request in common.
    member_of: Option<Arc<Exchange>>,
}

/// How the work ended, as far as the worker is concerned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// With an answer, of whatever kind.
    Done,
    /// Nobody waited any more.
    Abandoned,
    /// The instance can no longer be trusted.
    Panicked(Error),
}

impl Running {
    /// Begins to run a single message. The method's own code up to its first await runs in the first poll.
    pub(crate) fn one(
        group: &Arc<Group>,
        beat: &Arc<Beat>,
        seat: usize,
        instance: Instance,
        envelope: Envelope,
        now: Instant,
    ) -> Self {
        let Envelope { method, message, reply, mut context, exchange, permit, .. } = envelope;
        let waited = now.duration_since(context.began);
        let span = group.begin_span(method, &mut context, waited);
        let own = span.share();
        if let Some(exchange) = &exchange {
            exchange.waited(waited);
        }
        let work = match (&group.definition.methods[method].run, reply) {
            (Run::Unary(run), ReplyTo::Once(reply)) => {
                let run = started(|| run(instance, message));
                Work::One { run, call: Some(Once { reply, waited, span: own, _permit: permit, member_of: None }) }
            }
            (Run::Stream(run), ReplyTo::Stream(reply)) => {
                let sent = Rc::new(Cell::new(0));
                group.seats[seat].stats.methods[method].streams().fetch_add(1, Ordering::Relaxed);
                let sink = StreamSink::new(reply.items.clone(), Rc::clone(&sent), group.config.idle_timeout);
                Work::Stream {
                    run: started(|| run(instance, message, sink)),
                    reply: Some(reply),
                    waited,
                    span: own,
                    sent,
                    noted: 0,
                    permit: Some(permit),
                }
            }
            _ => unreachable!("a message is submitted as its method's kind asks"),
        };
        Self { exchange, ..Self::new(group, beat, (seat, method), (context, span), now, work) }
    }

    /// Begins to run a batch of one method. It inherits the latest of its members' deadlines.
    pub(crate) fn batch(
        group: &Arc<Group>,
        beat: &Arc<Beat>,
        seat: usize,
        instance: Instance,
        (lane, members): (usize, Vec<Envelope>),
        now: Instant,
    ) -> Option<Self> {
        let first = members.first()?;
        let method = first.method;
        let deadline = members.iter().map(|member| member.context.deadline).max()?;
        let mut context = CallContext { began: now, deadline, trace: None, attempt: 0 };
        let mut span = CallSpan::default();
        let members = members.into_iter().filter_map(|mut member| {
            let waited = member_waited(&member, now);
            let own = group.begin_span(method, &mut member.context, waited);
            // What a batch calls can belong to one trace only: to the first.
            if context.trace.is_none() {
                (context.trace, span) = (member.context.trace.take(), own.share());
            }
            Once::split(member, waited, own)
        });
        let (messages, calls) = members.unzip();
        let Run::Batch { run, .. } = &group.definition.methods[method].run else {
            unreachable!("only a batch method has a lane of batches");
        };
        let work = Work::Batch { run: started(|| run(instance, messages)), lane, calls };
        Some(Self::new(group, beat, (seat, method), (context, span), now, work))
    }

    fn new(
        group: &Arc<Group>,
        beat: &Arc<Beat>,
        (seat, method): (usize, usize),
        (context, span): (CallContext, CallSpan),
        started: Instant,
        work: Work,
    ) -> Self {
        let messages = match &work {
            Work::One { .. } | Work::Stream { .. } => 1,
            Work::Batch { calls, .. } => calls.len(),
        };
        let (group, beat) = (Arc::clone(group), Arc::clone(beat));
        Self { group, beat, seat, method, context, span, exchange: None, started, messages, counted: false, work }
    }

    /// How many messages run in this.
    pub(crate) fn messages(&self) -> usize {
        self.messages
    }

    /// The lane whose batch this is, if it is one.
    pub(crate) fn lane(&self) -> Option<usize> {
        match self.work {
            Work::Batch { lane, .. } => Some(lane),
            Work::One { .. } | Work::Stream { .. } => None,
        }
    }

    /// Whether every caller has gone. Registers to be woken when the last one goes.
    pub(crate) fn poll_abandoned(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.work {
            Work::One { call, .. } => call.as_mut().map_or(Poll::Ready(()), |call| call.reply.poll_closed(cx)),
            Work::Stream { reply, .. } => {
                reply.as_mut().map_or(Poll::Ready(()), |reply| reply.listening.poll_closed(cx))
            }
            Work::Batch { calls, .. } => {
                // All are asked, so that each registers.
                let waiting = calls.iter_mut().filter_map(|call| call.reply.poll_closed(cx).is_pending().then_some(()));
                if waiting.count() == 0 { Poll::Ready(()) } else { Poll::Pending }
            }
        }
    }

    /// Runs the method until it awaits or ends; an end is counted and answered.
    pub(crate) fn poll_run(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let context = self.context_now();
        let Self { group, beat, method, span, exchange, work, .. } = self;
        let polled = Polled { beat, method: *method, name: group.method_name(*method), context, span, exchange };
        let end = match work {
            Work::One { run, .. } => {
                let result = ready!(polled.guarded(|| run.as_mut().poll(cx)));
                let end = end_of(&result);
                self.answer_one(result.unwrap_or_else(Err));
                end
            }
            Work::Batch { run, .. } => {
                let result = ready!(polled.guarded(|| run.as_mut().poll(cx)));
                let end = end_of(&result);
                self.answer_batch(result.unwrap_or_else(Err));
                end
            }
            Work::Stream { run, .. } => {
                let polled = polled.guarded(|| run.as_mut().poll(cx));
                self.count_items();
                let result = ready!(polled);
                let end = end_of(&result);
                self.end_stream(result.unwrap_or_else(Err));
                end
            }
        };
        Poll::Ready(end)
    }

    fn answer_one(&mut self, result: CallResult<Typed>) {
        self.count();
        let Self { group, method, seat, exchange, started, work: Work::One { call, .. }, .. } = self else { return };
        if let Some(exchange) = exchange {
            exchange.ran_since(*started);
        }
        if let Some(call) = call.take() {
            call.answer(&group.seats[*seat].stats.methods[*method], result.map_err(|error| group.fail(*method, error)));
        }
    }

    /// Gives each member of a batch its own result, or all of them the batch's error.
    fn answer_batch(&mut self, result: CallResult<Vec<CallResult<Typed>>>) {
        let ran = self.count();
        let Self { group, method, seat, started, work: Work::Batch { calls, lane, .. }, .. } = self else { return };
        group.mailbox.batch_ran(*lane, ran);
        calls.iter().filter_map(|call| call.member_of.as_ref()).for_each(|call| call.ran_since(*started));
        let counters = &group.seats[*seat].stats.methods[*method];
        let calls = std::mem::take(calls);
        let results = result.and_then(|results| {
            if results.len() == calls.len() { Ok(results) } else { Err(wrong_length(results.len(), calls.len())) }
        });
        match results {
            Ok(results) => calls
                .into_iter()
                .zip(results)
                .for_each(|(call, result)| call.answer(counters, result.map_err(|error| group.fail(*method, error)))),
            Err(error) => {
                let error = group.fail(*method, error);
                calls.into_iter().for_each(|call| call.answer(counters, Err(error.clone())));
            }
        }
    }

    fn end_stream(&mut self, result: CallResult<()>) {
        self.count();
        let Self { group, method, seat, work: Work::Stream { reply, permit, span, .. }, .. } = self else { return };
        let outcome = CallOutcome::of(&result);
        span.ended(outcome);
        drop(permit.take());
        if let Some(reply) = reply.take() {
            if !reply.listening.is_closed() {
                group.seats[*seat].stats.methods[*method].ended(outcome);
            }
            reply.end(result.map_err(|error| group.fail(*method, error)));
        }
    }

    /// Counts the messages with the time they took, before their callers are answered: who asks for figures after its
    /// answer finds it among them. How long they ran.
    fn count(&mut self) -> Duration {
        self.counted = true;
        let stats = &self.group.seats[self.seat].stats;
        let ran = self.started.elapsed();
        match &self.work {
            Work::One { call, .. } => {
                call.iter().for_each(|call| stats.ran(self.method, call.waited, ran));
            }
            Work::Batch { calls, .. } => {
                stats.methods[self.method].batch(calls.len());
                calls.iter().for_each(|call| stats.ran(self.method, call.waited, ran));
            }
            Work::Stream { waited, .. } => {
                stats.ran(self.method, *waited, ran);
                stats.methods[self.method].streams().fetch_sub(1, Ordering::Relaxed);
            }
        }
        ran
    }

    /// Counts the items that a stream has sent since the last time.
    fn count_items(&mut self) {
        let Self { group, method, seat, work: Work::Stream { sent, noted, .. }, .. } = self else { return };
        let new = sent.get() - std::mem::replace(noted, sent.get());
        if new > 0 {
            group.seats[*seat].stats.methods[*method].items(new);
        }
    }

    /// The deadline that calls inherit: an item of a stream that has begun has the idle timeout, from now.
    fn context_now(&self) -> CallContext {
        match &self.work {
            Work::Stream { sent, .. } if sent.get() > 0 => {
                let began = Instant::now();
                let deadline = after(began, self.group.config.idle_timeout);
                CallContext { began, deadline, ..self.context.clone() }
            }
            _ => self.context.clone(),
        }
    }

    /// Counts the work, if nobody waited for its end, and drops it: user code may be in the drop, so it is guarded like
    /// a poll.
    pub(crate) fn finish(mut self, end: &End) -> End {
        if !self.counted {
            self.count();
            self.count_given_up();
        }
        if matches!(end, End::Panicked(_)) {
            self.group.seats[self.seat].stats.panicked();
        }
        let beat = Arc::clone(&self.beat);
        let method = self.method;
        let dropped = beat.during(method, || std::panic::catch_unwind(AssertUnwindSafe(|| drop(self))));
        dropped.map_or_else(|payload| End::Panicked(panicked(payload.as_ref())), |()| end.clone())
    }

    /// Notes that the work was given up on its way. Callers that wait for one answer, or for the first item, have counted
    /// that by themselves.
    fn count_given_up(&self) {
        self.span.ended(CallOutcome::Cancelled);
        match &self.work {
            Work::Batch { calls, .. } => calls.iter().for_each(|call| call.span.ended(CallOutcome::Cancelled)),
            Work::Stream { reply: Some(reply), sent, .. } if sent.get() > 0 || !reply.listening.is_closed() => {
                self.group.seats[self.seat].stats.methods[self.method].ended(CallOutcome::Cancelled);
            }
            Work::One { .. } | Work::Stream { .. } => {}
        }
    }
}

impl Once {
    fn split(envelope: Envelope, waited: Duration, span: CallSpan) -> Option<(Typed, Self)> {
        match envelope.reply {
            ReplyTo::Once(reply) => {
                let call = Self { reply, waited, span, _permit: envelope.permit, member_of: envelope.exchange };
                Some((envelope.message, call))
            }
            ReplyTo::Stream(_) => None,
        }
    }

    fn answer(self, counters: &MethodCounters, result: CallResult<Typed>) {
        // A caller that has gone has counted that by itself.
        let outcome = CallOutcome::of(&result);
        if !self.reply.is_closed() {
            counters.ended(outcome);
        }
        self.span.ended(outcome);
        // The permit goes first: a caller that sends its next call on this answer finds the place free.
        drop(self._permit);
        drop(self.reply.send(result.map_err(Undone::new)));
    }
}

/// A method's outcome, or the error of its panic.
type Guarded<T> = Result<CallResult<T>, Error>;

/// What user code finds around it while it is polled.
struct Polled<'a> {
    beat: &'a Beat,
    method: usize,
    name: MethodName,
    context: CallContext,
    span: &'a CallSpan,
    exchange: &'a mut Option<Arc<Exchange>>,
}

impl Polled<'_> {
    /// Polls user code: inside its context, watched, and with its panics caught.
    fn guarded<T>(self, poll: impl FnOnce() -> Poll<CallResult<T>>) -> Poll<Guarded<T>> {
        let Self { beat, method, name, context, span, exchange } = self;
        let inside = || within(exchange, Some(name), || context.enter(|| span.in_scope(poll)));
        let caught = beat.during(method, || std::panic::catch_unwind(AssertUnwindSafe(inside)));
        match caught {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(Ok(result)),
            Err(payload) => Poll::Ready(Err(panicked(payload.as_ref()))),
        }
    }
}

/// How long a member of a batch has waited, which is noted with it too.
fn member_waited(member: &Envelope, now: Instant) -> Duration {
    let waited = now.duration_since(member.context.began);
    if let Some(exchange) = &member.exchange {
        exchange.waited(waited);
    }
    waited
}

/// Makes a method's future; a panic in making it becomes a panic of the future, which is caught where it is polled.
fn started<T: 'static>(make: impl FnOnce() -> LocalBoxFuture<'static, T>) -> LocalBoxFuture<'static, T> {
    std::panic::catch_unwind(AssertUnwindSafe(make))
        .unwrap_or_else(|payload| Box::pin(async move { std::panic::resume_unwind(payload) }))
}

fn end_of<T>(result: &Guarded<T>) -> End {
    result.as_ref().err().map_or(End::Done, |error| End::Panicked(error.clone()))
}

fn wrong_length(got: usize, expected: usize) -> Error {
    Error::service(
        "wrong_batch_length",
        format!("the method was given a batch of {expected} and returned {got} results"),
    )
}

impl Future for Running {
    type Output = End;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let this = self.get_mut();
        if this.poll_abandoned(cx).is_ready() {
            return Poll::Ready(End::Abandoned);
        }
        this.poll_run(cx)
    }
}
