//! A worker's loop: pulls messages while it has a free slot, runs them, and ends when it has to.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, Sleep};

use crate::error::{Error, ErrorKind};
use crate::group::Group;
use crate::group::beat::Beat;
use crate::group::envelope::Envelope;
use crate::group::mailbox::{Pull, SeatId};
use crate::group::running::{End, Running};
use crate::group::stats::count;
use crate::method::Instance;

/// How many messages a worker begins in one turn of its arbiter, before others there have their turn.
const TURN: usize = 64;

/// Runs messages on one instance, until its place is taken, the group closes or a method panics.
pub(crate) struct Pump {
    group: Arc<Group>,
    beat: Arc<Beat>,
    seat: SeatId,
    instance: Instance,
    running: FuturesUnordered<Work>,
    /// Set when a batch waits for more.
    look_again: Option<Pin<Box<Sleep>>>,
    ending: Option<PumpEnd>,
    served: bool,
}

/// Why a pump ended. What it ran has ended before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PumpEnd {
    /// The group is drained.
    Closed,
    /// Another worker has this one's place.
    Replaced,
    /// A method panicked; `fresh`: the worker had answered nothing before.
    Panicked { error: Error, fresh: bool },
}

/// A running message that gives itself back when it ends, to be counted.
struct Work(Option<Running>);

impl Future for Work {
    type Output = (Running, End);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let running = self.0.as_mut().expect("not polled after its end");
        Pin::new(running).poll(cx).map(|end| (self.0.take().expect("just polled"), end))
    }
}

impl Pump {
    pub(crate) fn new(group: Arc<Group>, beat: Arc<Beat>, seat: SeatId, instance: Instance) -> Self {
        Self {
            group,
            beat,
            seat,
            instance,
            running: FuturesUnordered::new(),
            look_again: None,
            ending: None,
            served: false,
        }
    }

    /// Ends what has ended.
    fn reap(&mut self, cx: &mut Context<'_>) {
        while !self.running.is_empty() {
            let Poll::Ready(Some((running, end))) = self.running.poll_next_unpin(cx) else { break };
            self.ended(running, &end);
        }
    }

    /// Pulls and begins messages; true if there may be more to do at once.
    fn fill(&mut self, cx: &mut Context<'_>) -> bool {
        for _ in 0..TURN {
            let slots = self.group.config.slots;
            if self.ending.is_some() || self.running.len() >= slots {
                return false;
            }
            let last_slot = self.running.len() + 1 == slots;
            match self.group.mailbox.pull(self.seat, last_slot, cx.waker()) {
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
            let running = Running::one(&self.group, &self.beat, self.instance.clone(), envelope, now);
            self.begin(running, cx);
        }
    }

    fn begin_batch(&mut self, lane: usize, messages: Vec<Envelope>, cx: &mut Context<'_>) {
        let now = Instant::now();
        let messages = messages.into_iter().filter_map(|envelope| self.in_time(envelope, now)).collect();
        let instance = self.instance.clone();
        if let Some(running) = Running::batch(&self.group, &self.beat, instance, (lane, messages), now) {
            self.begin(running, cx);
        }
    }

    /// Answers a message whose deadline has passed, before it costs anything.
    fn in_time(&self, envelope: Envelope, now: Instant) -> Option<Envelope> {
        if envelope.context.deadline > now {
            return Some(envelope);
        }
        count(&self.group.rare.expired);
        let error = self.group.stamp(envelope.method, ErrorKind::DeadlineExceeded.into());
        envelope.reply.fail(error, None);
        None
    }

    /// What does not await runs here and now, without a task of its own.
    fn begin(&mut self, mut running: Running, cx: &mut Context<'_>) {
        let in_flight = &self.group.seats[self.seat.index].stats.in_flight;
        in_flight.fetch_add(running.messages(), std::sync::atomic::Ordering::Relaxed);
        match running.poll_run(cx) {
            Poll::Ready(end) => self.ended(running, &end),
            Poll::Pending => {
                self.running.push(Work(Some(running)));
                self.reap(cx);
            }
        }
    }

    fn ended(&mut self, running: Running, end: &End) {
        let in_flight = &self.group.seats[self.seat.index].stats.in_flight;
        in_flight.fetch_sub(running.messages(), std::sync::atomic::Ordering::Relaxed);
        match running.finish(end, self.seat.index) {
            End::Panicked(error) if self.ending.is_none() => {
                self.ending = Some(PumpEnd::Panicked { error, fresh: !self.served });
            }
            End::Panicked(_) => {}
            End::Done | End::Abandoned => self.served = true,
        }
    }

    /// Sleeps until a message comes, or until a batch has waited long enough.
    fn rest(&mut self, until: Option<Instant>, cx: &mut Context<'_>) -> bool {
        self.look_again = until.map(|until| Box::pin(tokio::time::sleep_until(until)));
        self.look_again.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready())
    }
}

impl Future for Pump {
    type Output = PumpEnd;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<PumpEnd> {
        let this = self.get_mut();
        this.reap(cx);
        if this.fill(cx) {
            cx.waker().wake_by_ref();
        }
        match this.ending.take() {
            Some(end) if this.running.is_empty() => Poll::Ready(end),
            end => {
                this.ending = end;
                Poll::Pending
            }
        }
    }
}
