//! One worker: an actix actor that makes an instance of the service, runs its messages, and drops it, on one thread.
//!
//! What actix gives here is an owner for the worker's futures on its arbiter and a mailbox for control messages, which
//! so never queue behind user messages. What its own mailbox and supervisor do not give (bounds, survival of a panic)
//! is ours; a test in `tests/actix_facts.rs` holds each fact that this relies on.

use std::sync::Arc;

use crate::error::{CallResult, Error};
use crate::group::Group;
use crate::group::beat::Beat;
use crate::group::mailbox::SeatId;
use crate::group::pump::{Pump, PumpEnd};
use crate::inject::InitContext;
use crate::method::Instance;
use actix::prelude::*;

/// What a worker tells its supervisor.
pub(crate) trait Reports: Send + Sync {
    /// It has an instance and takes messages.
    fn up(&self, seat: SeatId, worker: WorkerHandle);
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
    /// Its place had been given to another.
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
    let worker = Worker { group, seat, beat, context: Some(context), instance: None, exit };
    worker.start();
}

pub(crate) struct Worker {
    group: Arc<Group>,
    seat: SeatId,
    beat: Arc<Beat>,
    context: Option<InitContext>,
    instance: Option<Instance>,
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
        let context = self.context.take().expect("an actor is started once");
        let group = Arc::clone(&self.group);
        let made = async move { group.definition.make(context).await };
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
        self.group.mailbox.arrive(self.seat);
        self.exit.reports.up(self.seat, WorkerHandle(ctx.address()));
        let pump = Pump::new(Arc::clone(&self.group), Arc::clone(&self.beat), self.seat, instance);
        ctx.spawn(pump.into_actor(self).map(|end, worker, ctx| worker.pumped(end, ctx)));
    }

    fn pumped(&mut self, end: PumpEnd, ctx: &mut Context<Self>) {
        match end {
            PumpEnd::Panicked { error, fresh } => self.end(WorkerEnd::Panicked { error, fresh }, ctx),
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

/// Ends a worker now, with whatever it runs.
struct Abort;

impl actix::Message for Abort {
    type Result = ();
}

impl Handler<Abort> for Worker {
    type Result = ();

    fn handle(&mut self, _: Abort, ctx: &mut Self::Context) {
        self.exit.end = WorkerEnd::Drained;
        ctx.terminate();
    }
}

impl WorkerHandle {
    /// Ends the worker now, with whatever it runs.
    pub(crate) fn abort(&self) {
        self.0.do_send(Abort);
    }

    /// What the hooks say; `None` if the worker has gone. Waits as long as the worker computes.
    pub(crate) async fn health(&self) -> Option<Health> {
        self.0.send(AskHealth).await.ok()
    }
}
