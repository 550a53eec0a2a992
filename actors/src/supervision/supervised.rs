//! One group under supervision.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::Error;
use crate::executor::{Executor, Place};
use crate::group::Group;
use crate::group::envelope::Envelope;
use crate::group::mailbox::{Phase, SeatId};
use crate::group::worker::{Health, WorkerEnd, WorkerHandle};
use crate::inject::{Clients, InitContext, Provisions};
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
    /// How many times its workers have failed since they were last well.
    pub failures: u32,
    /// When the last one did.
    #[serde(skip)]
    pub last: Instant,
}

/// A group, its workers, and what is known of them.
pub(crate) struct Supervised {
    pub(crate) group: Arc<Group>,
    clients: Clients,
    provisions: Arc<Provisions>,
    failures: u32,
    pub(crate) seats: Vec<SeatState>,
    /// For each seat.
    restarts: Vec<Restarts>,
    /// Workers that have lost their seats and still finish something.
    leaving: Vec<Tenant>,
    status: watch::Sender<GroupStatus>,
}

/// What is known of a seat.
#[derive(Default)]
pub(crate) struct SeatState {
    pub(crate) tenant: Option<Tenant>,
    up_since: Option<Instant>,
    pub(crate) watch: Watch,
    /// Whether it has been asked for its health and not answered yet.
    pub(crate) asked: bool,
}

/// A worker that has, or had, a seat.
pub(crate) struct Tenant {
    pub(crate) seat: SeatId,
    pub(crate) thread: Thread,
    /// Known from when it has begun.
    pub(crate) handle: Option<WorkerHandle>,
}

/// The thread that a worker is on.
pub(crate) enum Thread {
    /// By its index.
    Shared(usize),
    Own(Place),
}

/// How many workers of one group may be left behind, frozen on threads of their own, before no more are added.
const LEAVING_MAX: usize = 16;

impl Supervised {
    pub(crate) fn new(
        group: Arc<Group>,
        clients: Clients,
        provisions: Arc<Provisions>,
        status: watch::Sender<GroupStatus>,
    ) -> Self {
        let seats = (0..group.config.workers).map(|_| SeatState::default()).collect();
        let restarts = (0..group.config.workers).map(|_| Restarts::new(group.config.restart)).collect();
        Self { group, clients, provisions, failures: 0, seats, restarts, leaving: Vec::new(), status }
    }

    pub(crate) fn init_context(&self, worker: usize) -> InitContext {
        InitContext {
            service: self.group.service(),
            worker,
            clients: self.clients.clone(),
            provisions: Arc::clone(&self.provisions),
        }
    }

    /// Notes who begins on a seat; whoever had it is given up.
    pub(crate) fn seated(&mut self, seat: SeatId, thread: Thread) {
        self.give_up(seat.index);
        self.seats[seat.index].tenant = Some(Tenant { seat, thread, handle: None });
    }

    /// A worker is there, and makes its instance.
    pub(crate) fn begun(&mut self, seat: SeatId, handle: WorkerHandle) {
        let tenants = self.seats.iter_mut().filter_map(|state| state.tenant.as_mut()).chain(&mut self.leaving);
        if let Some(tenant) = tenants.into_iter().find(|tenant| tenant.seat == seat) {
            tenant.handle = Some(handle);
        }
    }

    /// A worker takes messages. The group is up, whatever it was before.
    pub(crate) fn up(&mut self, seat: SeatId, ready: bool, now: Instant) {
        // A group that was closed while this worker was being made is not up any more.
        if !self.has_seat(seat) || !self.takes_workers() {
            return;
        }
        self.seats[seat.index].up_since = Some(now);
        self.group.seats[seat.index].ready.store(ready, Ordering::Relaxed);
        if self.group.mailbox.reopen() {
            tracing::info!(service = self.group.service(), failures = self.failures, "the service is back");
        }
        self.status.send_replace(GroupStatus::Up);
    }

    /// A worker has ended. When to start another on its seat, if at all.
    pub(crate) fn down(&mut self, seat: SeatId, end: &WorkerEnd, now: Instant, jitter: f64) -> Option<Duration> {
        let after = self.leaves(seat, end, now, jitter);
        if let Some(index) = self.leaving.iter().position(|tenant| tenant.seat == seat) {
            self.leaving.swap_remove(index).thread.release();
        }
        self.stopped_if_closed();
        after
    }

    /// A worker gives up its seat, perhaps while it still finishes something. When to start another, if at all.
    pub(crate) fn leaves(&mut self, seat: SeatId, end: &WorkerEnd, now: Instant, jitter: f64) -> Option<Duration> {
        if !self.has_seat(seat) {
            return None;
        }
        let up_since = self.seats[seat.index].up_since;
        let healthy_for = up_since.map(|since| now.duration_since(since)).unwrap_or_default();
        self.give_up(seat.index);
        if !self.takes_workers() {
            return None;
        }
        report(self.group.service(), end);
        let verdict = self.restarts[seat.index].decide(ending_of(end), healthy_for, now, jitter);
        let well = healthy_for >= self.group.config.restart.backoff_max;
        self.failures = if well { 1 } else { self.failures.saturating_add(1) };
        match verdict {
            Verdict::Restart { after } => Some(after),
            Verdict::Exceeded { after } => {
                self.fail_if_empty(end, now);
                Some(after)
            }
            Verdict::Leave => {
                self.fail_if_empty(end, now);
                None
            }
        }
    }

    /// A worker has said how it is. One that is not in order takes nothing new from now on: when to start another.
    pub(crate) fn asked(&mut self, seat: SeatId, health: Health, now: Instant, jitter: f64) -> Option<Duration> {
        if !self.has_seat(seat) {
            return None;
        }
        self.seats[seat.index].asked = false;
        self.group.seats[seat.index].ready.store(health.ready && health.alive, Ordering::Relaxed);
        if health.alive {
            return None;
        }
        self.group.mailbox.reseat(seat.index);
        self.leaves(seat, &WorkerEnd::NotAlive, now, jitter)
    }

    /// Whether a worker may still begin: not in a group that is going.
    pub(crate) fn takes_workers(&self) -> bool {
        self.group.mailbox.phase() != Phase::Closed
    }

    /// Whether a worker that is stuck can be left behind for another.
    pub(crate) fn can_replace(&self) -> bool {
        self.leaving.len() < LEAVING_MAX
    }

    /// The seats of this group whose workers are on a shared thread.
    pub(crate) fn on_shared(&self, arbiter: usize) -> impl Iterator<Item = usize> {
        let on_it = move |tenant: &Tenant| matches!(tenant.thread, Thread::Shared(index) if index == arbiter);
        self.seats
            .iter()
            .filter_map(|state| state.tenant.as_ref())
            .filter(move |tenant| on_it(tenant))
            .map(|t| t.seat.index)
    }

    /// Has all workers give up what they run, and end.
    pub(crate) fn abort(&self) {
        let tenants = self.seats.iter().filter_map(|state| state.tenant.as_ref()).chain(&self.leaving);
        tenants.filter_map(|tenant| tenant.handle.as_ref()).for_each(WorkerHandle::give_up);
    }

    /// For a group that is closed: one whose workers are gone already has nobody left to report the last end.
    pub(crate) fn stopped_if_closed(&self) {
        if self.is_gone() {
            self.status.send_replace(GroupStatus::Stopped);
        }
    }

    /// Whether it is closed and nothing is left to look after.
    pub(crate) fn is_gone(&self) -> bool {
        !self.takes_workers() && self.leaving.is_empty() && self.seats.iter().all(|seat| seat.tenant.is_none())
    }

    /// Empties a seat. Its worker is left alone until it ends: it may be in the middle of something.
    pub(crate) fn give_up(&mut self, index: usize) {
        self.group.seats[index].ready.store(false, Ordering::Relaxed);
        self.leaving.extend(std::mem::take(&mut self.seats[index]).tenant);
    }

    fn has_seat(&self, seat: SeatId) -> bool {
        self.seats[seat.index].tenant.as_ref().is_some_and(|tenant| tenant.seat == seat)
    }

    /// Gives up for now if no worker is left that serves, or is about to.
    fn fail_if_empty(&self, end: &WorkerEnd, now: Instant) {
        if self.seats.iter().any(|seat| seat.tenant.is_some()) || !self.takes_workers() {
            return;
        }
        let reason = first_line(end);
        let failure = GroupFailure { reason: reason.clone(), failures: self.failures, last: now };
        tracing::error!(service = self.group.service(), failures = self.failures, "the service failed: {reason}");
        for orphan in self.group.mailbox.fail(reason.clone()) {
            self.return_to_caller(orphan, &reason);
        }
        self.status.send_replace(GroupStatus::Failed(failure));
    }

    fn return_to_caller(&self, orphan: Envelope, reason: &str) {
        let error = self.group.turn_away(orphan.method, Error::unavailable(reason));
        orphan.reply.fail(error, Some(orphan.message));
    }
}

fn ending_of(end: &WorkerEnd) -> Ending {
    match end {
        WorkerEnd::InitFailed(_) | WorkerEnd::Lost | WorkerEnd::Panicked { fresh: true, .. } => Ending::Failure,
        WorkerEnd::Panicked { fresh: false, .. } => Ending::Panic,
        WorkerEnd::NotAlive | WorkerEnd::Drained | WorkerEnd::Replaced => Ending::Unwell,
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
    /// Runs something there. False if the thread is gone.
    pub(crate) fn run(&self, executor: &Executor, work: impl FnOnce() + Send + 'static) -> bool {
        match self {
            Thread::Shared(index) => executor.shared_place(*index).run(work),
            Thread::Own(place) => place.run(work),
        }
    }

    fn release(self) {
        if let Thread::Own(place) = self {
            place.release();
        }
    }
}
