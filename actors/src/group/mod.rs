//! A group: identical workers of one service behind one bounded mailbox.

pub(crate) mod admission;
pub(crate) mod beat;
mod config;
pub(crate) mod envelope;
mod lane;
pub(crate) mod mailbox;
mod pump;
mod running;
pub(crate) mod stats;
mod turn;
pub(crate) mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

pub(crate) use config::START_LIMIT;
pub use config::{ASYNC_SLOTS, GroupConfig, MAX_CONCURRENCY, RestartConfig, TIMEOUT};
pub use stats::{
    BATCH_BOUNDS, GroupStats, Histogram, HistogramStats, MethodStats, ServiceStats, StatusCounts, TIME_BOUNDS,
};

use admission::Admission;
use beat::Beat;
use envelope::{Envelope, Outcome, Permit, ReplyTo, Undone};
use lane::Lane;
use mailbox::{Mailbox, Phase, Ticket};
use stats::{RareStats, SeatStats};

use crate::batch::Batcher;
use crate::body::{Body, Codec, Encoded, Typed};
use crate::context::CallContext;
use crate::definition::Definition;
use crate::error::{CallResult, Error, ErrorKind, Hop};
use crate::id::ReplicaId;
use crate::method::Run;
use crate::panic::caught;
use crate::request::{MethodName, inherited};
use crate::stream::{ItemStream, stream};
use crate::trace::span::{CallSpan, SpanKind};

/// Identical workers of one service behind one mailbox; what the cluster knows as a replica.
pub struct Group {
    pub(crate) definition: Arc<Definition>,
    pub(crate) replica: ReplicaId,
    pub(crate) config: GroupConfig,
    pub(crate) admission: Admission,
    pub(crate) mailbox: Mailbox,
    /// The lane of each method.
    lanes: Vec<usize>,
    pub(crate) seats: Vec<SeatShared>,
    pub(crate) rare: RareStats,
}

/// What the worker on a seat shares with those who watch it; a new generation takes over a new beat.
pub(crate) struct SeatShared {
    pub(crate) beat: arc_swap::ArcSwap<Beat>,
    pub(crate) stats: SeatStats,
    /// Whether it is up and, by the word of the service, ready.
    pub(crate) ready: AtomicBool,
}

/// A message in a group, and the way to its answer.
pub(crate) struct Admitted<R> {
    pub(crate) ticket: Ticket,
    pub(crate) reply: R,
}

/// What is to be sent: a message whose method is known.
pub(crate) struct Submission {
    pub(crate) method: usize,
    pub(crate) message: Typed,
    pub(crate) context: CallContext,
}

impl Group {
    pub(crate) fn new(definition: Arc<Definition>, replica: ReplicaId, config: GroupConfig) -> Arc<Self> {
        let mut lanes = vec![Lane::new(None)];
        let lane_of = definition.methods.iter().map(|method| match &method.run {
            Run::Batch { policy, .. } => {
                lanes.push(Lane::new(Some(Batcher::new(*policy))));
                lanes.len() - 1
            }
            Run::Unary(_) | Run::Stream(_) => 0,
        });
        let lane_of = lane_of.collect();
        let methods = definition.methods.len();
        let seats = (0..config.workers).map(|_| SeatShared {
            beat: arc_swap::ArcSwap::default(),
            stats: SeatStats::new(methods),
            ready: AtomicBool::new(false),
        });
        Arc::new(Self {
            replica,
            admission: Admission::new(config.max_concurrency),
            mailbox: Mailbox::new(lanes, config.workers),
            lanes: lane_of,
            seats: seats.collect(),
            rare: RareStats::new(methods),
            definition,
            config,
        })
    }

    /// The service's name.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.definition.description.name
    }

    /// The name by which the cluster knows this group.
    #[must_use]
    pub fn replica(&self) -> &ReplicaId {
        &self.replica
    }

    /// What the group runs by.
    #[must_use]
    pub fn config(&self) -> &GroupConfig {
        &self.config
    }

    /// What the group has done so far.
    #[must_use]
    pub fn stats(&self) -> GroupStats {
        let mut stats = self.run_stats();
        stats.depth = self.mailbox.depth();
        self.rare.add_to(&mut stats);
        stats
    }

    /// Adds what was counted of one method.
    pub(crate) fn add_method_to(&self, method: usize, stats: &mut MethodStats) {
        self.seats.iter().for_each(|seat| seat.stats.add_method_to(method, stats));
        self.rare.add_method_to(method, stats);
    }

    /// How many streams of a method are open.
    pub(crate) fn streams(&self, method: usize) -> usize {
        self.seats.iter().map(|seat| seat.stats.methods[method].streams().load(Ordering::Relaxed)).sum()
    }

    /// How many workers are up and, by the word of the service, ready.
    pub(crate) fn workers_ready(&self) -> usize {
        self.seats.iter().filter(|seat| seat.ready.load(Ordering::Relaxed)).count()
    }

    fn run_stats(&self) -> GroupStats {
        let mut stats = GroupStats::default();
        self.seats.iter().for_each(|seat| seat.stats.add_to(&mut stats));
        stats
    }

    /// Admits a message that is answered once.
    ///
    /// # Errors
    /// Why not, with the message, which did not run.
    pub(crate) fn submit(
        self: &Arc<Self>,
        submission: Submission,
    ) -> Result<Admitted<oneshot::Receiver<Outcome>>, Undone<Typed>> {
        self.answers(&submission, |run| !matches!(run, Run::Stream(_)), "the method answers by a stream")?;
        let (sender, reply) = oneshot::channel();
        let ticket = self.admit(submission, ReplyTo::Once(sender))?;
        Ok(Admitted { ticket, reply })
    }

    /// Admits a message that is answered by a stream.
    ///
    /// # Errors
    /// Why not, with the message, which did not run.
    pub(crate) fn submit_stream(
        self: &Arc<Self>,
        submission: Submission,
    ) -> Result<Admitted<ItemStream>, Undone<Typed>> {
        self.answers(&submission, |run| matches!(run, Run::Stream(_)), "the method answers once, not by a stream")?;
        let (sink, items) = stream(self.config.idle_timeout);
        let ticket = self.admit(submission, ReplyTo::Stream(sink))?;
        Ok(Admitted { ticket, reply: items })
    }

    /// Writes what a method of this group gave.
    pub(crate) fn encode(&self, method: usize, reply: Typed, codec: Codec) -> CallResult<Body> {
        let encoded = caught(|| (self.definition.methods[method].encode)(reply, codec));
        encoded.map(Body::Encoded).map_err(|error| self.fail(method, error))
    }

    /// Reads what a method of this group takes.
    pub(crate) fn decode(&self, method: usize, body: &Encoded) -> CallResult<Typed> {
        let decoded = caught(|| (self.definition.methods[method].decode)(body));
        decoded.map_err(|error| self.turn_away(method, error))
    }

    /// Whether messages should rather come here than to a group that is not open.
    pub(crate) fn is_open(&self) -> bool {
        self.is_ready() && self.mailbox.is_open()
    }

    /// Whether a worker that is up says that it is ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.seats.iter().any(|seat| seat.ready.load(Ordering::Relaxed))
    }

    /// Begins the span of a message that has waited for some time, if it belongs to a recorded trace.
    pub(crate) fn begin_span(&self, method: usize, context: &mut CallContext, waited: Duration) -> CallSpan {
        let names = || (self.service(), self.definition.methods[method].description.name, self.replica.to_string());
        CallSpan::begin(&mut context.trace, SpanKind::Served { waited }, names)
    }

    /// Marks the error of a call that did not begin here, and counts it.
    pub(crate) fn turn_away(&self, method: usize, error: Error) -> Error {
        self.rare.ended(method, error.kind().into());
        self.refuse(method, error)
    }

    /// Marks the error of a call that did not begin here.
    pub(crate) fn refuse(&self, method: usize, error: Error) -> Error {
        error.refused_by(self.hop(method))
    }

    /// Marks the error of a call that began here.
    pub(crate) fn fail(&self, method: usize, error: Error) -> Error {
        error.returned_by(self.hop(method))
    }

    /// The names of this service and of one of its methods.
    pub(crate) fn method_name(&self, method: usize) -> MethodName {
        (self.service(), self.definition.methods[method].description.name)
    }

    fn hop(&self, method: usize) -> Hop {
        let (service, method) = self.method_name(method);
        Hop { service: service.into(), method: method.into(), replica: self.replica.to_string() }
    }

    /// Refuses a message that asks for another kind of answer than its method gives.
    fn answers(&self, submission: &Submission, fits: fn(&Run) -> bool, message: &str) -> Result<(), Undone<Typed>> {
        let method = submission.method;
        if fits(&self.definition.methods[method].run) {
            return Ok(());
        }
        Err(Undone::new(self.turn_away(method, Error::malformed(message))))
    }

    fn admit(self: &Arc<Self>, submission: Submission, reply: ReplyTo) -> Result<Ticket, Undone<Typed>> {
        let Submission { method, message, context } = submission;
        let refuse = |error, message| Undone { error: self.turn_away(method, error), returned: Some(message) };
        let cost = match self.check(method, &message) {
            Ok(cost) => cost,
            Err(error) => return Err(refuse(error, message)),
        };
        let Some(permit) = Permit::acquire(self) else {
            return Err(refuse(ErrorKind::Overloaded { retry_after: self.retry_after() }.into(), message));
        };
        let exchange = inherited(self.definition.methods[method].description.context);
        let envelope = Envelope { method, message, reply, context, exchange, cost, permit };
        self.mailbox
            .push(self.lanes[method], envelope)
            .map_err(|(envelope, phase)| refuse(refusal(phase), envelope.message))
    }

    /// Runs the checks of the arguments; those of a batch method are the user's code and may panic.
    fn check(&self, method: usize, message: &Typed) -> CallResult<u64> {
        let admit = &self.definition.methods[method].admit;
        caught(|| admit(message))
    }

    /// When a permit is likely to be free: the mean run time, divided by what runs at a time.
    fn retry_after(&self) -> Duration {
        const SHORTEST: Duration = Duration::from_millis(1);
        let stats = self.run_stats();
        let mean = stats.running.checked_div(u32::try_from(stats.ran).unwrap_or(u32::MAX)).unwrap_or_default();
        let at_a_time = (self.config.workers * self.config.slots).min(self.config.max_concurrency);
        let at_a_time = u32::try_from(at_a_time).unwrap_or(u32::MAX);
        (mean / at_a_time.max(1)).clamp(SHORTEST, self.config.timeout.max(SHORTEST))
    }
}

fn refusal(phase: Phase) -> Error {
    match phase {
        Phase::Failed(reason) => Error::unavailable(reason),
        Phase::Open | Phase::Draining | Phase::Closed => ErrorKind::Draining.into(),
    }
}
