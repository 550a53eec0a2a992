//! The actor that supervises all groups of a process, on a thread where no user code runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::executor::Executor;
use crate::group::Group;
use crate::group::beat::{Beat, CONSTRUCTOR, Sighting};
use crate::group::mailbox::SeatId;
use crate::group::worker::{self, Health, Reports, WorkerEnd, WorkerHandle, WorkerSpec};
use crate::id::ReplicaId;
use crate::supervision::supervised::{Supervised, Tenant, Thread};

/// How often it looks after workers that do not report by themselves. tokio's timer wheel wakes its thread twice for each
/// look, so this is what keeps a process at rest under two wake-ups in a second.
const LOOK: Duration = Duration::from_millis(1_200);
/// How long a worker may hold a shared arbiter without awaiting.
const SILENCE: Duration = Duration::from_secs(1);
/// How much longer than its timeout a worker may compute on a thread of its own.
const FROZEN_AFTER: Duration = Duration::from_secs(30);

/// A way to the supervisor.
#[derive(Clone)]
pub(crate) struct SupervisorHandle(Addr<Supervisor>);

pub(crate) struct Supervisor {
    executor: Executor,
    groups: BTreeMap<ReplicaId, Supervised>,
}

impl SupervisorHandle {
    /// Starts a supervisor where no user code runs; `None` if that thread is gone.
    pub(crate) async fn start_on(executor: &Executor) -> Option<Self> {
        let (sender, started) = oneshot::channel();
        let supervisor = Supervisor { executor: executor.clone(), groups: BTreeMap::new() };
        executor.spawn_control(async move { drop(sender.send(Self(supervisor.start()))) });
        started.await.ok()
    }

    /// Starts the workers of a group and looks after them from then on.
    pub(crate) fn supervise(&self, supervised: Supervised) {
        self.0.do_send(Supervise(supervised));
    }

    /// Ends the supervisor. Workers are not touched.
    pub(crate) fn end(&self) {
        self.0.do_send(End);
    }

    /// Has the workers of a group give up what they run, and end.
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
                supervised.give_up(index);
                ctx.notify_later(Start { replica: replica.clone(), index }, LOOK);
                return;
            }
        };
        let started = thread.run(&self.executor, move || worker::start(spec));
        supervised.seated(seat, thread);
        if !started {
            ctx.notify(Report { replica: replica.clone(), seat, news: News::Down(WorkerEnd::Lost) });
        }
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        let now = Instant::now();
        let mut stuck = Vec::new();
        for (replica, supervised) in &mut self.groups {
            let group = &supervised.group;
            for (index, state) in supervised.seats.iter_mut().enumerate().filter(|(_, state)| state.tenant.is_some()) {
                let Some(sighting) = group.seats[index].beat.load().sighting() else { continue };
                if let Some(stayed) = state.watch.look(sighting, limit(group, sighting), now) {
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
        let Some(supervised) = self.groups.get(replica) else { return };
        if !supervised.can_replace() {
            tracing::error!(service = supervised.group.service(), "too many of its workers are stuck: none is added");
            return;
        }
        let Some(&Thread::Shared(arbiter)) = supervised.seats[index].tenant.as_ref().map(|tenant| &tenant.thread)
        else {
            supervised.group.rare.restarted();
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
            self.groups[&replica].group.rare.restarted();
            self.start_worker(&replica, index, ctx);
        }
    }

    /// Asks the workers of services that have something to say whether they are ready and alive.
    fn ask_for_health(&mut self, ctx: &mut Context<Self>) {
        let asked = self.groups.iter_mut().filter(|(_, supervised)| supervised.group.definition.has_health_hooks);
        let mut answers = Vec::new();
        for (replica, state) in
            asked.flat_map(|(replica, group)| group.seats.iter_mut().map(move |seat| (replica, seat)))
        {
            let Some(Tenant { seat, handle: Some(handle), .. }) = &state.tenant else { continue };
            // One that computes answers later. Until then what it said last holds, and it is not asked again.
            if !std::mem::replace(&mut state.asked, true) {
                answers.push((replica.clone(), *seat, handle.clone()));
            }
        }
        for (replica, seat, handle) in answers {
            let answer = async move { handle.health().await };
            ctx.spawn(answer.into_actor(self).map(move |health, _, ctx| {
                if let Some(health) = health {
                    ctx.notify(Report { replica, seat, news: News::Health(health) });
                }
            }));
        }
    }

    /// Starts another worker on a seat after a pause, or forgets a group that has gone.
    fn follow(&mut self, replica: ReplicaId, seat: SeatId, restart: Option<Duration>, ctx: &mut Context<Self>) {
        if let Some(after) = restart {
            ctx.notify_later(Start { replica, index: seat.index }, after);
        } else if self.groups.get(&replica).is_some_and(Supervised::is_gone) {
            self.groups.remove(&replica);
        }
    }
}

/// How long a worker may be in one and the same piece of user code.
fn limit(group: &Group, sighting: Sighting) -> Duration {
    match (group.config.dedicated_threads, sighting.method) {
        (false, _) => SILENCE,
        (true, CONSTRUCTOR) => group.config.start_limit,
        (true, method) => {
            let task = group.definition.methods[method].description.task.map_or(Duration::ZERO, |task| task.timeout);
            group.config.timeout.max(task).saturating_add(FROZEN_AFTER)
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
    let method = match sighting.method {
        CONSTRUCTOR => "its constructor",
        method => group.definition.methods[method].description.name,
    };
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

impl ReportTo {
    fn send(&self, seat: SeatId, news: News) {
        self.supervisor.do_send(Report { replica: self.replica.clone(), seat, news });
    }
}

impl Reports for ReportTo {
    fn begun(&self, seat: SeatId, worker: WorkerHandle) {
        self.send(seat, News::Begun(worker));
    }

    fn up(&self, seat: SeatId, ready: bool) {
        self.send(seat, News::Up { ready });
    }

    fn leaving(&self, seat: SeatId, end: WorkerEnd) {
        self.send(seat, News::Leaving(end));
    }

    fn down(&self, seat: SeatId, end: WorkerEnd) {
        self.send(seat, News::Down(end));
    }
}

/// What a worker reports, or is asked.
enum News {
    Begun(WorkerHandle),
    Up { ready: bool },
    Health(Health),
    Leaving(WorkerEnd),
    Down(WorkerEnd),
}

struct Report {
    replica: ReplicaId,
    seat: SeatId,
    news: News,
}

struct Supervise(Supervised);

struct Start {
    replica: ReplicaId,
    index: usize,
}

struct Abort(ReplicaId);

struct Closed(ReplicaId);

struct End;

impl Message for Report {
    type Result = ();
}
impl Message for Supervise {
    type Result = ();
}
impl Message for Start {
    type Result = ();
}
impl Message for Abort {
    type Result = ();
}
impl Message for Closed {
    type Result = ();
}
impl Message for End {
    type Result = ();
}

impl Handler<Report> for Supervisor {
    type Result = ();

    fn handle(&mut self, Report { replica, seat, news }: Report, ctx: &mut Self::Context) {
        let Some(supervised) = self.groups.get_mut(&replica) else { return };
        let (now, jitter) = (Instant::now(), fastrand::f64());
        let restart = match news {
            News::Begun(handle) => return supervised.begun(seat, handle),
            News::Up { ready } => return supervised.up(seat, ready, now),
            News::Health(health) => supervised.asked(seat, health, now, jitter),
            News::Leaving(end) => supervised.leaves(seat, &end, now, jitter),
            News::Down(end) => supervised.down(seat, &end, now, jitter),
        };
        self.follow(replica, seat, restart, ctx);
    }
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
        let vacant = |supervised: &&Supervised| supervised.seats[index].tenant.is_none();
        if let Some(supervised) = self.groups.get(&replica).filter(vacant) {
            supervised.group.rare.restarted();
            self.start_worker(&replica, index, ctx);
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

impl Handler<End> for Supervisor {
    type Result = ();

    fn handle(&mut self, _: End, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
