//! One group under supervision.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::client::Client;
use crate::error::Error;
use crate::executor::{Executor, Place};
use crate::group::Group;
use crate::group::envelope::Envelope;
use crate::group::mailbox::{Phase, SeatId};
use crate::group::worker::{Health, WorkerEnd, WorkerHandle};
use crate::inject::{InitContext, Provisions};
use crate::supervision::restarts::{Ending, Restarts, Verdict};
use crate::supervision::watch::Watch;

/// How a group fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupStatus {
    /// No worker has been ready yet.
    Starting,
    /// At least one worker takes messages.
    Up,
    /// Workers failed more often than the restart settings allow. It keeps trying, at the longest back-off.
    Failed(GroupFailure),
    /// All workers have ended, as was asked.
    Stopped,
}

/// Why a group is failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupFailure {
    /// The first line of the last error.
    pub reason: String,
    /// How many times its workers have failed since the group was up.
    pub failures: u32,
}

/// A group, its workers, and what is known of them.
pub(crate) struct Supervised {
    pub(crate) group: Arc<Group>,
    clients: HashMap<&'static str, Client>,
    provisions: Arc<Provisions>,
    restarts: Restarts,
    failures: u32,
    pub(crate) seats: Vec<SeatState>,
    /// Workers that were given up, on threads of their own which they may still need.
    leaving: Vec<(SeatId, Place)>,
    status: watch::Sender<GroupStatus>,
}

/// The worker that has a seat, or the lack of one.
#[derive(Default)]
pub(crate) struct SeatState {
    pub(crate) current: Option<SeatId>,
    pub(crate) handle: Option<WorkerHandle>,
    pub(crate) thread: Option<Thread>,
    up_since: Option<Instant>,
    pub(crate) watch: Watch,
}

/// The thread that a worker is on.
pub(crate) enum Thread {
    /// By its index.
    Shared(usize),
    Own(Place),
}

impl Supervised {
    pub(crate) fn new(
        group: Arc<Group>,
        clients: HashMap<&'static str, Client>,
        provisions: Arc<Provisions>,
        status: watch::Sender<GroupStatus>,
    ) -> Self {
        let seats = (0..group.config.workers).map(|_| SeatState::default()).collect();
        let restarts = Restarts::new(group.config.restart);
        Self { group, clients, provisions, restarts, failures: 0, seats, leaving: Vec::new(), status }
    }

    pub(crate) fn init_context(&self, worker: usize) -> InitContext {
        InitContext {
            service: self.group.service(),
            worker,
            clients: self.clients.clone(),
            provisions: Arc::clone(&self.provisions),
        }
    }

    /// A worker is ready. The group is up, whatever it was before.
    pub(crate) fn up(&mut self, seat: SeatId, handle: WorkerHandle, now: Instant) {
        let state = &mut self.seats[seat.index];
        if state.current != Some(seat) {
            return;
        }
        state.handle = Some(handle);
        state.up_since = Some(now);
        self.group.seats[seat.index].ready.store(true, Ordering::Relaxed);
        if matches!(self.group.mailbox.phase(), Phase::Failed(_)) {
            self.group.mailbox.set_phase(Phase::Open);
            tracing::info!(service = self.group.service(), failures = self.failures, "the service is back");
        }
        self.failures = 0;
        self.status.send_replace(GroupStatus::Up);
    }

    /// A worker has ended. When to start another on its seat, if at all.
    pub(crate) fn down(&mut self, seat: SeatId, end: &WorkerEnd, now: Instant, jitter: f64) -> Option<Duration> {
        let state = &mut self.seats[seat.index];
        if state.current != Some(seat) {
            self.left(seat);
            return None;
        }
        let healthy_for = state.up_since.map(|since| now.duration_since(since)).unwrap_or_default();
        let state = std::mem::take(state);
        self.group.seats[seat.index].ready.store(false, Ordering::Relaxed);
        if let Some(Thread::Own(place)) = state.thread {
            place.release();
        }
        if !self.takes_workers() {
            self.stopped_if_empty();
            return None;
        }
        report(self.group.service(), end);
        match self.restarts.decide(ending_of(end), healthy_for, now, jitter) {
            Verdict::Restart { after } => {
                self.failures += 1;
                Some(after)
            }
            Verdict::Exceeded { after } => {
                self.failures += 1;
                self.fail_if_empty(end);
                Some(after)
            }
            Verdict::Leave => {
                self.fail_if_empty(end);
                self.stopped_if_closed();
                None
            }
        }
    }

    /// A worker has said how it is. One that is not in order takes nothing new from now on: whether to start another.
    pub(crate) fn asked(&mut self, seat: SeatId, health: Health, now: Instant) -> bool {
        let state = &self.seats[seat.index];
        if state.current != Some(seat) {
            return false;
        }
        self.group.seats[seat.index].ready.store(health.ready && health.alive, Ordering::Relaxed);
        if health.alive {
            return false;
        }
        let healthy_for = state.up_since.map(|since| now.duration_since(since)).unwrap_or_default();
        report(self.group.service(), &WorkerEnd::NotAlive);
        let again = self.restarts.decide(Ending::Asked, healthy_for, now, 0.0) != Verdict::Leave;
        if !again {
            self.group.mailbox.reseat(seat.index);
            self.give_up(seat.index);
            self.fail_if_empty(&WorkerEnd::NotAlive);
        }
        again
    }

    /// Notes who begins on a seat; whoever had it is given up.
    pub(crate) fn begun(&mut self, seat: SeatId, thread: Thread) {
        self.give_up(seat.index);
        self.seats[seat.index] = SeatState { current: Some(seat), thread: Some(thread), ..SeatState::default() };
    }

    /// Whether a worker may still begin: not in a group that is going.
    pub(crate) fn takes_workers(&self) -> bool {
        self.group.mailbox.phase() != Phase::Closed
    }

    /// The seats of this group whose workers are on a shared thread.
    pub(crate) fn on_shared(&self, arbiter: usize) -> impl Iterator<Item = usize> {
        let on_it = move |seat: &SeatState| matches!(seat.thread, Some(Thread::Shared(index)) if index == arbiter);
        self.seats.iter().enumerate().filter(move |(_, seat)| on_it(seat)).map(|(index, _)| index)
    }

    /// Ends the workers now, with whatever they run.
    pub(crate) fn abort(&self) {
        self.seats.iter().filter_map(|seat| seat.handle.as_ref()).for_each(WorkerHandle::abort);
    }

    /// For a group that is closed: one whose workers are gone already has nobody left to report the last end.
    pub(crate) fn stopped_if_closed(&self) {
        if !self.takes_workers() {
            self.stopped_if_empty();
        }
    }

    /// Whether nothing is left to look after.
    pub(crate) fn is_gone(&self) -> bool {
        !self.takes_workers() && self.is_empty() && self.leaving.is_empty()
    }

    /// Leaves a worker alone until it ends: it may be in the middle of something.
    fn give_up(&mut self, index: usize) {
        let state = std::mem::take(&mut self.seats[index]);
        if let (Some(seat), Some(Thread::Own(place))) = (state.current, state.thread) {
            self.leaving.push((seat, place));
        }
    }

    /// A worker that was given up has ended: its thread can go.
    fn left(&mut self, seat: SeatId) {
        if let Some(index) = self.leaving.iter().position(|(leaving, _)| *leaving == seat) {
            self.leaving.swap_remove(index).1.release();
        }
    }

    fn stopped_if_empty(&self) {
        if self.is_empty() {
            self.status.send_replace(GroupStatus::Stopped);
        }
    }

    fn is_empty(&self) -> bool {
        self.seats.iter().all(|seat| seat.current.is_none())
    }

    /// Gives up for now if no worker is left that serves.
    fn fail_if_empty(&self, end: &WorkerEnd) {
        if self.seats.iter().any(|seat| seat.up_since.is_some()) || !self.takes_workers() {
            return;
        }
        let reason = first_line(end);
        let failure = GroupFailure { reason: reason.clone(), failures: self.failures };
        tracing::error!(service = self.group.service(), failures = self.failures, "the service failed: {reason}");
        for orphan in self.group.mailbox.fail(reason.clone()) {
            self.return_to_caller(orphan, &reason);
        }
        self.status.send_replace(GroupStatus::Failed(failure));
    }

    fn return_to_caller(&self, orphan: Envelope, reason: &str) {
        let error = self.group.stamp(orphan.method, Error::unavailable(reason));
        orphan.reply.fail(error, Some(orphan.message));
    }
}

fn ending_of(end: &WorkerEnd) -> Ending {
    match end {
        WorkerEnd::InitFailed(_) | WorkerEnd::Lost | WorkerEnd::Panicked { fresh: true, .. } => Ending::Failure,
        WorkerEnd::Panicked { fresh: false, .. } => Ending::Panic,
        WorkerEnd::NotAlive | WorkerEnd::Drained | WorkerEnd::Replaced => Ending::Asked,
    }
}

fn first_line(end: &WorkerEnd) -> String {
    let whole = match end {
        WorkerEnd::InitFailed(error) => format!("its constructor failed: {error}"),
        WorkerEnd::Panicked { error, .. } => format!("its first message {error}"),
        WorkerEnd::NotAlive => "it said that it is not alive".into(),
        WorkerEnd::Lost => "its thread ended".into(),
        WorkerEnd::Drained | WorkerEnd::Replaced => "it was asked to end".into(),
    };
    whole.lines().next().unwrap_or_default().to_owned()
}

fn report(service: &str, end: &WorkerEnd) {
    match end {
        WorkerEnd::InitFailed(error) => tracing::warn!(service, "a worker's constructor failed: {error}"),
        WorkerEnd::Panicked { error, .. } => tracing::warn!(service, "a worker {error}; it is replaced"),
        WorkerEnd::NotAlive => tracing::warn!(service, "a worker says that it is not alive; it is replaced"),
        WorkerEnd::Lost => tracing::warn!(service, "a worker's thread ended; it is replaced"),
        WorkerEnd::Drained | WorkerEnd::Replaced => {}
    }
}

impl Thread {
    pub(crate) fn place<'a>(&'a self, executor: &Executor) -> std::borrow::Cow<'a, Place> {
        match self {
            Thread::Shared(index) => std::borrow::Cow::Owned(executor.shared_place(*index)),
            Thread::Own(place) => std::borrow::Cow::Borrowed(place),
        }
    }
}
