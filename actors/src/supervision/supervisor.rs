//! The actor that supervises all groups of a process, on a thread where no user code runs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::executor::Executor;
use crate::group::Group;
use crate::group::beat::{Beat, Sighting};
use crate::group::mailbox::SeatId;
use crate::group::worker::{self, Health, Reports, WorkerEnd, WorkerHandle, WorkerSpec};
use crate::id::ReplicaId;
use crate::supervision::supervised::{Supervised, Thread};

/// How often it looks after workers that do not report by themselves.
const LOOK: Duration = Duration::from_secs(1);
/// How long a worker may hold a shared arbiter without awaiting.
const SILENCE: Duration = Duration::from_secs(1);
/// How much longer than its timeout a worker may compute on a thread of its own.
const FROZEN_AFTER: Duration = Duration::from_secs(30);

/// A way to the supervisor.
#[derive(Clone)]
pub(crate) struct SupervisorHandle(Addr<Supervisor>);

pub(crate) struct Supervisor {
    executor: Executor,
    groups: HashMap<ReplicaId, Supervised>,
}

impl SupervisorHandle {
    /// Starts a supervisor where no user code runs; `None` if that thread is gone.
    pub(crate) async fn start_on(executor: &Executor) -> Option<Self> {
        let (sender, started) = oneshot::channel();
        let supervisor = Supervisor { executor: executor.clone(), groups: HashMap::new() };
        executor.spawn_control(async move { drop(sender.send(Self(supervisor.start()))) });
        started.await.ok()
    }

    /// Starts the workers of a group and looks after them from then on.
    pub(crate) fn supervise(&self, supervised: Supervised) {
        self.0.do_send(Supervise(supervised));
    }

    /// Ends the workers of a closed group now, with whatever they run.
    pub(crate) fn abort(&self, replica: ReplicaId) {
        self.0.do_send(Abort(replica));
    }

    /// Says that a group has been closed: without workers, there is nobody else to report that it has stopped.
    pub(crate) fn closed(&self, replica: ReplicaId) {
        self.0.do_send(Closed(replica));
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(LOOK, |supervisor, ctx| supervisor.look(ctx));
    }
}

impl Supervisor {
    fn start_worker(&mut self, replica: &ReplicaId, index: usize, ctx: &mut Context<Self>) {
        let Some(supervised) = self.groups.get_mut(replica).filter(|supervised| supervised.takes_workers()) else {
            return;
        };
        let group = Arc::clone(&supervised.group);
        let beat = Arc::new(Beat::default());
        group.seats[index].beat.store(Arc::clone(&beat));
        let seat = group.mailbox.reseat(index);
        let reports = Arc::new(ReportTo { supervisor: ctx.address(), replica: replica.clone() });
        let spec = WorkerSpec { context: supervised.init_context(index), group, seat, beat, reports };
        let thread = match thread(&self.executor, &spec.group, index) {
            Ok(thread) => thread,
            Err(error) => {
                tracing::error!(service = spec.group.service(), "no thread for a worker: {error}");
                ctx.notify_later(Start { replica: replica.clone(), index }, LOOK);
                return;
            }
        };
        let started = thread.place(&self.executor).run(move || worker::start(spec));
        supervised.begun(seat, thread);
        if !started {
            ctx.notify(Down { replica: replica.clone(), seat, end: WorkerEnd::Lost });
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        let now = Instant::now();
        let mut stuck = Vec::new();
        for (replica, supervised) in &mut self.groups {
            let group = &supervised.group;
            let limit = if group.config.dedicated_threads { group.config.timeout + FROZEN_AFTER } else { SILENCE };
            for (index, seat) in supervised.seats.iter_mut().enumerate().filter(|(_, seat)| seat.current.is_some()) {
                let sighting = group.seats[index].beat.load().sighting();
                if let Some((sighting, stayed)) = seat.watch.look(sighting, limit, now) {
                    report_stuck(group, sighting, stayed);
                    stuck.push((replica.clone(), index));
                }
            }
        }
        for (replica, index) in stuck {
            self.replace(&replica, index, ctx);
        }
        self.ask_for_health(ctx);
    }

    /// Gives a stuck worker's seat to a new one, elsewhere; so for all that share its thread.
    fn replace(&mut self, replica: &ReplicaId, index: usize, ctx: &mut Context<Self>) {
        let thread = self.groups.get(replica).and_then(|supervised| supervised.seats[index].thread.as_ref());
        let Some(&Thread::Shared(arbiter)) = thread else {
            return self.start_worker(replica, index, ctx);
        };
        if let Err(error) = self.executor.replace_shared(arbiter) {
            tracing::error!("a silent arbiter cannot be replaced: {error}");
            return;
        }
        let affected: Vec<(ReplicaId, usize)> = self
            .groups
            .iter()
            .flat_map(|(replica, group)| group.on_shared(arbiter).map(|index| (replica.clone(), index)))
            .collect();
        for (replica, index) in affected {
            self.start_worker(&replica, index, ctx);
        }
    }

    /// Asks the workers of services that have something to say whether they are ready and alive.
    fn ask_for_health(&self, ctx: &mut Context<Self>) {
        let asked = self.groups.iter().filter(|(_, supervised)| supervised.group.definition.has_health_hooks);
        for (replica, seat) in asked.flat_map(|(replica, group)| group.seats.iter().map(move |seat| (replica, seat))) {
            let (Some(seat), Some(handle)) = (seat.current, seat.handle.clone()) else { continue };
            let replica = replica.clone();
            // One that computes answers later. Until then what it said last holds.
            let answer = async move { handle.health().await };
            ctx.spawn(answer.into_actor(self).map(move |health, _, ctx| {
                if let Some(health) = health {
                    ctx.notify(Asked { replica, seat, health });
                }
            }));
        }
    }
}

fn thread(executor: &Executor, group: &Group, index: usize) -> std::io::Result<Thread> {
    if group.config.dedicated_threads {
        return executor.dedicated_place().map(Thread::Own);
    }
    Ok(Thread::Shared(index % executor.shared()))
}

fn report_stuck(group: &Group, sighting: Sighting, stayed: Duration) {
    let method = group.definition.methods[sighting.method].description.name;
    let service = group.service();
    if group.config.dedicated_threads {
        tracing::error!("{service}.{method} has computed for {stayed:?}: its worker counts as frozen and is replaced");
    } else {
        tracing::error!(
            "{service}.{method} has held an arbiter for {stayed:?} without awaiting: its workers are rebuilt elsewhere \
             (make it a plain `fn` if it computes)"
        );
    }
}

/// A worker's reports, on their way to the supervisor.
struct ReportTo {
    supervisor: Addr<Supervisor>,
    replica: ReplicaId,
}

impl Reports for ReportTo {
    fn up(&self, seat: SeatId, worker: WorkerHandle) {
        self.supervisor.do_send(Up { replica: self.replica.clone(), seat, worker });
    }

    fn down(&self, seat: SeatId, end: WorkerEnd) {
        self.supervisor.do_send(Down { replica: self.replica.clone(), seat, end });
    }
}

struct Supervise(Supervised);

struct Start {
    replica: ReplicaId,
    index: usize,
}

struct Up {
    replica: ReplicaId,
    seat: SeatId,
    worker: WorkerHandle,
}

struct Down {
    replica: ReplicaId,
    seat: SeatId,
    end: WorkerEnd,
}

struct Asked {
    replica: ReplicaId,
    seat: SeatId,
    health: Health,
}

struct Abort(ReplicaId);

struct Closed(ReplicaId);

impl Message for Supervise {
    type Result = ();
}
impl Message for Start {
    type Result = ();
}
impl Message for Up {
    type Result = ();
}
impl Message for Down {
    type Result = ();
}
impl Message for Asked {
    type Result = ();
}
impl Message for Abort {
    type Result = ();
}
impl Message for Closed {
    type Result = ();
}

impl Handler<Supervise> for Supervisor {
    type Result = ();

    fn handle(&mut self, Supervise(supervised): Supervise, ctx: &mut Self::Context) {
        let replica = supervised.group.replica.clone();
        let workers = supervised.seats.len();
        self.groups.insert(replica.clone(), supervised);
        for index in 0..workers {
            self.start_worker(&replica, index, ctx);
        }
    }
}

impl Handler<Start> for Supervisor {
    type Result = ();

    fn handle(&mut self, Start { replica, index }: Start, ctx: &mut Self::Context) {
        let vacant = |supervised: &&Supervised| supervised.seats[index].current.is_none();
        if let Some(supervised) = self.groups.get(&replica).filter(vacant) {
            supervised.group.count_restart();
            self.start_worker(&replica, index, ctx);
        }
    }
}

impl Handler<Up> for Supervisor {
    type Result = ();

    fn handle(&mut self, Up { replica, seat, worker }: Up, _: &mut Self::Context) {
        if let Some(supervised) = self.groups.get_mut(&replica) {
            supervised.up(seat, worker, Instant::now());
        }
    }
}

impl Handler<Down> for Supervisor {
    type Result = ();

    fn handle(&mut self, Down { replica, seat, end }: Down, ctx: &mut Self::Context) {
        let Some(supervised) = self.groups.get_mut(&replica) else { return };
        if let Some(after) = supervised.down(seat, &end, Instant::now(), fastrand::f64()) {
            ctx.notify_later(Start { replica, index: seat.index }, after);
        } else if supervised.is_gone() {
            self.groups.remove(&replica);
        }
    }
}

impl Handler<Asked> for Supervisor {
    type Result = ();

    fn handle(&mut self, Asked { replica, seat, health }: Asked, ctx: &mut Self::Context) {
        let Some(supervised) = self.groups.get_mut(&replica) else { return };
        if supervised.asked(seat, health, Instant::now()) {
            self.start_worker(&replica, seat.index, ctx);
        }
    }
}

impl Handler<Abort> for Supervisor {
    type Result = ();

    fn handle(&mut self, Abort(replica): Abort, _: &mut Self::Context) {
        if let Some(supervised) = self.groups.get(&replica) {
            supervised.abort();
        }
    }
}

impl Handler<Closed> for Supervisor {
    type Result = ();

    fn handle(&mut self, Closed(replica): Closed, _: &mut Self::Context) {
        let Some(supervised) = self.groups.get(&replica) else { return };
        supervised.stopped_if_closed();
        if supervised.is_gone() {
            self.groups.remove(&replica);
        }
    }
}
