//! One worker: an actix actor that makes an instance of the service, runs its messages, and drops it, on one thread.
//!
//! What actix gives here is an owner for the worker's futures on its arbiter and a mailbox for control messages, which
//! so never queue behind user messages. What its own mailbox and supervisor do not give (bounds, survival of a panic)
//! is ours; a test in `tests/actix_facts.rs` holds each fact that this relies on.

use std::future::poll_fn;
use std::sync::Arc;

use crate::error::{CallResult, Error};
use crate::group::Group;
use crate::group::beat::{Beat, CONSTRUCTOR};
use crate::group::mailbox::SeatId;
use crate::group::pump::{Abort, Pump, PumpEnd};
use crate::group::turn::SharedPump;
use crate::inject::InitContext;
use crate::method::Instance;
use actix::prelude::*;

/// What a worker tells its supervisor.
pub(crate) trait Reports: Send + Sync {
    /// It is there, and makes its instance.
    fn begun(&self, seat: SeatId, worker: WorkerHandle);
    /// It has an instance and takes messages; `ready` by the word of the service.
    fn up(&self, seat: SeatId, ready: bool);
    /// It takes no more messages, but is still finishing some. `down` follows.
    fn leaving(&self, seat: SeatId, end: WorkerEnd);
    /// It has ended, and its instance is gone.
    fn down(&self, seat: SeatId, end: WorkerEnd);
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WorkerEnd {
    /// The constructor failed or panicked.
    InitFailed(Error),
    /// A method panicked; `fresh`: the worker had answered nothing before.
    Panicked { error: Error, fresh: bool },
    /// The service's `alive` said no.
    NotAlive,
    /// It was drained.
    Drained,
    /// Another has its seat, or it has reported before why it leaves.
    Replaced,
    /// Its arbiter was stopped under it.
    Lost,
}

/// What a worker is made from.
pub(crate) struct WorkerSpec {
    pub(crate) group: Arc<Group>,
    pub(crate) seat: SeatId,
    pub(crate) beat: Arc<Beat>,
    pub(crate) context: InitContext,
    pub(crate) reports: Arc<dyn Reports>,
}

/// A way to ask a worker about itself.
#[derive(Clone)]
pub(crate) struct WorkerHandle(Addr<Worker>);

/// What a worker says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Health {
    pub(crate) ready: bool,
    pub(crate) alive: bool,
}

/// Starts a worker on the current thread.
pub(crate) fn start(spec: WorkerSpec) {
    let WorkerSpec { group, seat, beat, context, reports } = spec;
    let exit = Exit { group: Arc::clone(&group), seat, reports, end: WorkerEnd::Lost };
    let abort = Abort::default();
    let worker = Worker { group, seat, beat, context: Some(context), instance: None, abort, exit };
    worker.start();
}

pub(crate) struct Worker {
    group: Arc<Group>,
    seat: SeatId,
    beat: Arc<Beat>,
    context: Option<InitContext>,
    instance: Option<Instance>,
    abort: Abort,
    /// Last, so that it is dropped after the instance: what it reports is true then.
    exit: Exit,
}

/// Reports the worker's end however it comes about, even by an unwinding arbiter.
struct Exit {
    group: Arc<Group>,
    seat: SeatId,
    reports: Arc<dyn Reports>,
    end: WorkerEnd,
}

impl Drop for Exit {
    fn drop(&mut self) {
        self.group.mailbox.vacate(self.seat);
        let end = std::mem::replace(&mut self.end, WorkerEnd::Lost);
        self.reports.down(self.seat, end);
    }
}

impl Actor for Worker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.exit.reports.begun(self.seat, WorkerHandle(ctx.address()));
        let context = self.context.take().expect("an actor is started once");
        let (group, beat) = (Arc::clone(&self.group), Arc::clone(&self.beat));
        let made = async move {
            let limit = group.config.start_limit;
            let mut made = std::pin::pin!(group.definition.make(context));
            let watched = poll_fn(|cx| beat.during(CONSTRUCTOR, || made.as_mut().poll(cx)));
            let late = |_| Err(Error::service("late", format!("the constructor did not end within {limit:?}")));
            tokio::time::timeout(limit, watched).await.unwrap_or_else(late)
        };
        ctx.spawn(made.into_actor(self).map(|made, worker, ctx| worker.made(made, ctx)));
    }
}

impl Worker {
    fn made(&mut self, made: CallResult<Instance>, ctx: &mut Context<Self>) {
        match made {
            Ok(instance) => self.run(instance, ctx),
            Err(error) => self.end(WorkerEnd::InitFailed(error), ctx),
        }
    }

    fn run(&mut self, instance: Instance, ctx: &mut Context<Self>) {
        self.instance = Some(Instance::clone(&instance));
        let reports = &self.exit.reports;
        reports.up(self.seat, self.group.definition.is_ready(&instance));
        let (group, beat) = (Arc::clone(&self.group), Arc::clone(&self.beat));
        let pump =
            SharedPump::new(Pump::new(group, beat, self.seat, instance, self.abort.clone(), Arc::clone(reports)));
        self.group.mailbox.arrive(self.seat, pump.turn());
        ctx.spawn(pump.into_actor(self).map(|end, worker, ctx| worker.pumped(end, ctx)));
    }

    fn pumped(&mut self, end: PumpEnd, ctx: &mut Context<Self>) {
        match end {
            PumpEnd::Panicked => self.end(WorkerEnd::Replaced, ctx),
            PumpEnd::Replaced => self.shut_down(WorkerEnd::Replaced, ctx),
            PumpEnd::Closed => self.shut_down(WorkerEnd::Drained, ctx),
        }
    }

    /// Runs the service's hook, then ends. Not after a panic: the instance cannot be trusted then.
    fn shut_down(&mut self, end: WorkerEnd, ctx: &mut Context<Self>) {
        let Some(instance) = self.instance.clone() else {
            return self.end(end, ctx);
        };
        let group = Arc::clone(&self.group);
        let limit = group.config.timeout;
        let hook = async move {
            if tokio::time::timeout(limit, group.definition.shut_down(instance)).await.is_err() {
                tracing::warn!(service = group.service(), "the shutdown hook did not end within the timeout");
            }
        };
        ctx.spawn(hook.into_actor(self).map(|(), worker, ctx| worker.end(end, ctx)));
    }

    fn end(&mut self, end: WorkerEnd, ctx: &mut Context<Self>) {
        self.exit.end = end;
        let instance = self.instance.take();
        // A destructor is the user's code too, and a panic in `stopped` would abort the process.
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(instance)));
        if dropped.is_err() {
            tracing::warn!(service = self.group.service(), "the service's destructor panicked");
        }
        ctx.stop();
    }
}

/// Asks a worker for its hooks.
struct AskHealth;

impl actix::Message for AskHealth {
    type Result = Health;
}

impl Handler<AskHealth> for Worker {
    type Result = MessageResult<AskHealth>;

    fn handle(&mut self, _: AskHealth, _: &mut Self::Context) -> Self::Result {
        let definition = &self.group.definition;
        MessageResult(match &self.instance {
            Some(instance) => Health { ready: definition.is_ready(instance), alive: definition.is_alive(instance) },
            None => Health { ready: false, alive: true },
        })
    }
}

/// Has a worker give up what it runs, and end.
struct GiveUp;

impl actix::Message for GiveUp {
    type Result = ();
}

impl Handler<GiveUp> for Worker {
    type Result = ();

    fn handle(&mut self, _: GiveUp, ctx: &mut Self::Context) {
        self.abort.set();
        if self.instance.is_none() {
            self.exit.end = WorkerEnd::Drained;
            ctx.terminate();
        }
    }
}

impl WorkerHandle {
    /// Has the worker give up what it runs, and end. One that computes does so when it has computed.
    pub(crate) fn give_up(&self) {
        self.0.do_send(GiveUp);
    }

    /// What the hooks say; `None` if the worker has gone. Waits as long as the worker computes.
    pub(crate) async fn health(&self) -> Option<Health> {
        self.0.send(AskHealth).await.ok()
    }
}
