//! A worker's loop: pulls messages while it has a free slot, runs them, and ends when it has to.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, Sleep};

use crate::error::{Error, ErrorKind};
use crate::group::Group;
use crate::group::beat::Beat;
use crate::group::envelope::Envelope;
use crate::group::mailbox::{Lanes, Pull, SeatId};
use crate::group::running::{End, Running};
use crate::group::worker::{Reports, WorkerEnd};
use crate::method::Instance;

/// How many messages a worker begins in one turn of its arbiter, before others there have their turn.
const TURN: usize = 64;
/// The same in a turn that a caller has lent, after its own message: a look whether there is another.
const LENT_TURN: usize = 1;

/// Runs messages on one instance, until its place is taken, the group closes or a method panics.
pub(crate) struct Pump {
    group: Arc<Group>,
    beat: Arc<Beat>,
    seat: SeatId,
    instance: Instance,
    running: FuturesUnordered<Slot>,
    /// The lanes of which a batch runs here: the next one gathers meanwhile.
    busy: Lanes,
    /// Set when a batch waits for more.
    look_again: Option<Pin<Box<Sleep>>>,
    ending: Option<PumpEnd>,
    served: bool,
    abort: Abort,
    reports: Arc<dyn Reports>,
}

/// Tells a pump to give up what it runs. Set on its own thread, by a control message to the same actor, after which
/// actix polls the pump.
#[derive(Clone, Default)]
pub(crate) struct Abort(Rc<Cell<bool>>);

impl Abort {
    pub(crate) fn set(&self) {
        self.0.set(true);
    }
}

/// Why a pump ended. What it ran has ended before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PumpEnd {
    /// The group is drained.
    Closed,
    /// Another worker has this one's place.
    Replaced,
    /// A method panicked; this has been reported.
    Panicked,
}

/// What runs in a slot; it gives itself back when it ends, to be counted.
struct Slot(Option<Running>);

impl Future for Slot {
    type Output = (Running, End);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let running = self.0.as_mut().expect("not polled after its end");
        Pin::new(running).poll(cx).map(|end| (self.0.take().expect("just polled"), end))
    }
}

impl Pump {
    pub(crate) fn new(
        group: Arc<Group>,
        beat: Arc<Beat>,
        seat: SeatId,
        instance: Instance,
        abort: Abort,
        reports: Arc<dyn Reports>,
    ) -> Self {
        Self {
            group,
            beat,
            seat,
            instance,
            running: FuturesUnordered::new(),
            busy: Lanes::default(),
            look_again: None,
            ending: None,
            served: false,
            abort,
            reports,
        }
    }

    /// A turn of its own task.
    pub(crate) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<PumpEnd> {
        if self.abort.0.get() {
            self.give_up();
        }
        self.reap(cx);
        if self.fill(TURN, cx) {
            cx.waker().wake_by_ref();
        }
        match self.ending.take() {
            Some(end) if self.running.is_empty() => Poll::Ready(end),
            end => {
                self.ending = end;
                Poll::Pending
            }
        }
    }

    /// A turn that a caller on this thread has lent, for its message. What ends in it is for a turn of its own.
    ///
    /// # Errors
    /// The message, if the pump is ending.
    #[allow(clippy::result_large_err, reason = "a message that is not taken goes back by value")]
    pub(crate) fn lent_turn(&mut self, envelope: Envelope, cx: &mut Context<'_>) -> Result<(), Envelope> {
        if self.ending.is_some() {
            return Err(envelope);
        }
        let slots = self.group.config.slots;
        if self.running.len() + 1 >= slots {
            // Before it runs: what it sends to its own group must go to others.
            self.group.mailbox.full(self.seat);
        }
        self.begin_one(envelope, cx);
        if self.running.len() < slots && self.fill(LENT_TURN, cx) || self.ending.is_some() {
            cx.waker().wake_by_ref();
        }
        Ok(())
    }

    /// Gives up what runs, each on its own: a destructor that panics must not take the others' answers with it.
    fn give_up(&mut self) {
        for mut slot in std::mem::take(&mut self.running) {
            if let Some(running) = slot.0.take() {
                self.ended(running, &End::Abandoned);
            }
        }
        self.ending.get_or_insert(PumpEnd::Closed);
    }

    /// Ends what has ended.
    fn reap(&mut self, cx: &mut Context<'_>) {
        while !self.running.is_empty() {
            let Poll::Ready(Some((running, end))) = self.running.poll_next_unpin(cx) else { break };
            self.ended(running, &end);
        }
    }

    /// Pulls and begins so many messages at most; true if there may be more to do at once.
    fn fill(&mut self, limit: usize, cx: &mut Context<'_>) -> bool {
        for _ in 0..limit {
            let slots = self.group.config.slots;
            if self.ending.is_some() || self.running.len() >= slots {
                return false;
            }
            let last_slot = self.running.len() + 1 == slots;
            match self.group.mailbox.pull(self.seat, last_slot, self.busy, cx.waker()) {
                Pull::One(envelope) => self.begin_one(envelope, cx),
                Pull::Batch { lane, messages } => self.begin_batch(lane, messages, cx),
                Pull::Nothing { until } => return self.rest(until, cx),
                Pull::Replaced => self.ending = Some(PumpEnd::Replaced),
                Pull::Closed => self.ending = Some(PumpEnd::Closed),
            }
        }
        true
    }

    fn begin_one(&mut self, envelope: Envelope, cx: &mut Context<'_>) {
        let now = Instant::now();
        if let Some(envelope) = self.in_time(envelope, now) {
            let running = Running::one(&self.group, &self.beat, self.seat.index, self.instance.clone(), envelope, now);
            self.begin(running, cx);
        }
    }

    fn begin_batch(&mut self, lane: usize, messages: Vec<Envelope>, cx: &mut Context<'_>) {
        let now = Instant::now();
        let messages = messages.into_iter().filter_map(|envelope| self.in_time(envelope, now)).collect();
        let (seat, instance) = (self.seat.index, self.instance.clone());
        if let Some(running) = Running::batch(&self.group, &self.beat, seat, instance, (lane, messages), now) {
            self.begin(running, cx);
        }
    }

    /// Answers a message whose deadline has passed, before it costs anything.
    fn in_time(&self, envelope: Envelope, now: Instant) -> Option<Envelope> {
        if envelope.context.deadline > now {
            return Some(envelope);
        }
        // One that has given up by itself has counted it.
        let late = ErrorKind::DeadlineExceeded.into();
        let (group, method) = (&self.group, envelope.method);
        let error = if envelope.reply.is_closed() { group.refuse(method, late) } else { group.turn_away(method, late) };
        envelope.reply.fail(error, None);
        None
    }

    /// What does not await runs here and now, without a task of its own.
    fn begin(&mut self, mut running: Running, cx: &mut Context<'_>) {
        let in_flight = &self.group.seats[self.seat.index].stats.in_flight;
        in_flight.fetch_add(running.messages(), std::sync::atomic::Ordering::Relaxed);
        self.busy.set(running.lane(), true);
        match running.poll_run(cx) {
            Poll::Ready(end) => self.ended(running, &end),
            Poll::Pending => {
                self.running.push(Slot(Some(running)));
                self.reap(cx);
            }
        }
    }

    fn ended(&mut self, running: Running, end: &End) {
        let in_flight = &self.group.seats[self.seat.index].stats.in_flight;
        in_flight.fetch_sub(running.messages(), std::sync::atomic::Ordering::Relaxed);
        self.busy.set(running.lane(), false);
        match running.finish(end) {
            End::Panicked(error) if self.ending.is_none() => self.panicked(error),
            End::Panicked(_) => {}
            End::Done | End::Abandoned => self.served = true,
        }
    }

    /// Leaves the seat at once, so that a successor need not wait until the other messages here have ended.
    fn panicked(&mut self, error: Error) {
        self.ending = Some(PumpEnd::Panicked);
        self.group.mailbox.vacate(self.seat);
        self.reports.leaving(self.seat, WorkerEnd::Panicked { error, fresh: !self.served });
    }

    /// Sleeps until a message comes, or until a batch has waited long enough.
    fn rest(&mut self, until: Option<Instant>, cx: &mut Context<'_>) -> bool {
        self.look_again = until.map(|until| Box::pin(tokio::time::sleep_until(until)));
        self.look_again.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready())
    }
}
