//! What all clients of a process share: what can be called here, and the groups that answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::error::StartError;
use super::running::RunningGroup;
use crate::bindings::{Bindings, Dependency};
use crate::builder::Planned;
use crate::client::Client;
use crate::deadline::Deadlines;
use crate::definition::Definition;
use crate::description::ServiceDescription;
use crate::error::{CallResult, Error};
use crate::executor::Executor;
use crate::group::{Group, GroupConfig, ServiceStats};
use crate::id::ReplicaId;
use crate::inject::{Clients, Provisions};
use crate::router::{Route, Routes};
use crate::supervision::GroupStatus;
use crate::supervision::supervised::Supervised;
use crate::supervision::supervisor::SupervisorHandle;

/// What all clients of a process share.
pub(crate) struct Shared {
    pub(crate) executor: Executor,
    pub(crate) deadlines: Arc<Deadlines>,
    supervisor: SupervisorHandle,
    provisions: Arc<Provisions>,
    pub(super) bindings: Bindings,
    start_limit: Duration,
    pub(super) directory: ArcSwap<HashMap<Box<str>, Arc<Listed>>>,
    /// In the order in which they were started: none depends on a later one.
    groups: Mutex<Vec<RunningGroup>>,
    /// What groups have counted that have gone, by their services. Locked after `groups`, if both are.
    past: Mutex<Vec<ServiceStats>>,
    /// Counts the changes of what can be called here.
    pub(super) changes: watch::Sender<u64>,
    /// That of its own groups among the replicas of other processes.
    weight: AtomicU32,
}

/// A service that can be called from here.
pub(crate) struct Listed {
    pub(crate) routes: Arc<Routes>,
    /// Known where a group of it runs here.
    pub(crate) definition: Option<Arc<Definition>>,
}

/// How long workers that have nothing to do any more may take to end.
const GRACE: Duration = Duration::from_millis(500);

impl Shared {
    pub(super) async fn new(
        executor: Executor,
        provisions: Provisions,
        bindings: Bindings,
        start_limit: Duration,
    ) -> Result<Arc<Self>, StartError> {
        let supervisor = SupervisorHandle::start_on(&executor).await.ok_or(StartError::NoControl)?;
        let deadlines = Deadlines::new(Instant::now());
        executor.spawn_control(Arc::clone(&deadlines).sweep());
        Ok(Arc::new(Self {
            executor,
            deadlines,
            supervisor,
            provisions: Arc::new(provisions),
            bindings,
            start_limit,
            directory: ArcSwap::default(),
            groups: Mutex::default(),
            past: Mutex::default(),
            changes: watch::Sender::default(),
            weight: AtomicU32::new(1),
        }))
    }

    pub(crate) fn client(self: &Arc<Self>, service: &str) -> CallResult<Client> {
        Ok(Client::new(Arc::clone(&self.listed(service)?.routes), Arc::clone(self)))
    }

    pub(super) fn listed(&self, service: &str) -> CallResult<Arc<Listed>> {
        let directory = self.directory.load();
        directory.get(service).cloned().ok_or_else(|| {
            let mut known: Vec<&str> = directory.keys().map(AsRef::as_ref).collect();
            known.sort_unstable();
            Error::unavailable(format!("no service is named {service}, only {}", known.join(", ")))
        })
    }

    pub(super) fn set_weight(&self, weight: u32) {
        self.weight.store(weight, Ordering::Relaxed);
        self.directory.load().values().for_each(|listed| listed.routes.set_local_weight(weight));
    }

    pub(super) fn routes(&self, service: &str, definition: Option<&Arc<Definition>>, timeout: Duration) -> Arc<Routes> {
        let fresh = Routes::new(service, timeout);
        fresh.set_local_weight(self.weight.load(Ordering::Relaxed));
        let routes = self.list(service, definition, fresh);
        if definition.is_some() {
            routes.set_timeout(timeout);
        }
        routes
    }

    fn list(&self, service: &str, definition: Option<&Arc<Definition>>, fresh: Arc<Routes>) -> Arc<Routes> {
        self.directory.rcu(|directory| {
            let mut directory = HashMap::clone(directory);
            let known = directory.get(service);
            let listed = Listed {
                routes: known.map_or_else(|| Arc::clone(&fresh), |known| Arc::clone(&known.routes)),
                definition: definition.cloned().or_else(|| known.and_then(|known| known.definition.clone())),
            };
            directory.insert(service.into(), Arc::new(listed));
            directory
        });
        self.listed(service).map_or(fresh, |listed| Arc::clone(&listed.routes))
    }

    /// Starts the workers of a group. It is listed from then on, and reachable once a worker is ready.
    pub(super) fn start_group(self: &Arc<Self>, planned: &Planned) -> RunningGroup {
        let Planned { definition, settings } = planned;
        let description = &definition.description;
        let mut config = GroupConfig::resolve(description, settings, self.executor.shared());
        config.start_limit = self.start_limit;
        let timeout = config.timeout;
        let replica = ReplicaId::new(description.name, fastrand::u64(..));
        let group = Group::new(Arc::clone(definition), replica, config);
        let (status, watched) = watch::channel(GroupStatus::Starting);
        let dependencies: Arc<[Dependency]> = self.bindings.of(description).into();
        let clients = self.clients(description, &dependencies);
        let supervised = Supervised::new(Arc::clone(&group), clients, Arc::clone(&self.provisions), status);
        let running = RunningGroup { group: Arc::clone(&group), status: watched, dependencies };
        self.running().push(running.clone());
        self.routes(description.name, Some(definition), timeout);
        self.supervisor.supervise(supervised);
        running
    }

    fn clients(self: &Arc<Self>, description: &ServiceDescription, bound: &[Dependency]) -> Clients {
        let services = description.dependencies().filter_map(|name| Some((name, self.client(name).ok()?)));
        let client = |dependency: &Dependency| Client::new(Arc::clone(dependency.routes()), Arc::clone(self));
        let bound = bound.iter().map(|dependency| (dependency.parameter(), client(dependency)));
        Clients { services: services.collect(), bound: bound.collect() }
    }

    pub(super) async fn await_up(&self, running: &RunningGroup) -> Result<(), StartError> {
        let service = || running.group.service().to_owned();
        let mut status = running.status.clone();
        let settled = timeout(self.start_limit, status.wait_for(|status| *status != GroupStatus::Starting)).await;
        match settled.map(|status| status.map(|status| status.clone())) {
            Ok(Ok(GroupStatus::Failed(failure))) => Err(StartError::Failed { service: service(), failure }),
            Ok(Ok(GroupStatus::Stopped)) => Err(StartError::Stopped { service: service() }),
            Ok(Ok(GroupStatus::Up | GroupStatus::Starting)) => {
                self.add_route(&running.group);
                Ok(())
            }
            Ok(Err(_)) => Err(StartError::NoControl),
            Err(_) => Err(StartError::Late { service: service(), limit: self.start_limit }),
        }
    }

    fn add_route(&self, group: &Arc<Group>) {
        let routes = self.routes(group.service(), None, group.config.timeout);
        routes.add(Route::Local(Arc::clone(group)));
        // Somebody may have stopped it meanwhile, and has then looked for its route before there was one.
        if group.mailbox.is_going() {
            routes.remove(&group.replica);
        }
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// Drains a group until `end` and ends its workers. How many messages were given up.
    pub(super) async fn stop_group(&self, running: &RunningGroup, end: Instant) -> usize {
        let RunningGroup { group, status, .. } = running;
        // In this order, for `add_route`. A caller who still finds the route is refused, and tries another replica.
        group.mailbox.drain();
        self.routes(group.service(), None, group.config.timeout).remove(&group.replica);
        self.changes.send_modify(|changes| *changes += 1);
        let finished = timeout_at(end, group.admission.empty()).await.is_ok();
        let given_up = if finished { 0 } else { group.admission.admitted() };
        for orphan in group.mailbox.close() {
            let error = group.turn_away(orphan.method, crate::ErrorKind::Draining.into());
            orphan.reply.fail(error, Some(orphan.message));
        }
        if !finished {
            self.supervisor.abort(group.replica.clone());
        }
        self.supervisor.closed(group.replica.clone());
        // Workers that were idle end at once; one that computes on is left behind.
        let grace = end.max(Instant::now() + GRACE);
        let mut status = status.clone();
        let stopped = timeout_at(grace, status.wait_for(|status| *status == GroupStatus::Stopped)).await;
        if stopped.is_err() {
            tracing::warn!(service = group.service(), "its workers have not ended, they are left behind");
        }
        self.forget(group);
        given_up
    }

    /// Takes a group that has ended from the list; what it has counted stays.
    fn forget(&self, group: &Group) {
        let mut running = self.running();
        let before = running.len();
        running.retain(|other| other.group.replica != group.replica);
        // Somebody else may have stopped it meanwhile.
        if running.len() < before {
            let mut past = self.past();
            stats_of(&mut past, &group.definition).add_counted(group);
        }
    }

    /// What each service has done here: those of which groups run, or have run.
    pub(super) fn stats(&self) -> Vec<ServiceStats> {
        // Held until all is added up: a group that goes meanwhile would be missed, or counted twice.
        let running = self.running();
        let mut services = self.past().clone();
        for group in running.iter() {
            stats_of(&mut services, &group.group.definition).add(&group.group, &group.status.borrow());
        }
        services
    }

    fn past(&self) -> MutexGuard<'_, Vec<ServiceStats>> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn running(&self) -> MutexGuard<'_, Vec<RunningGroup>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.deadlines.end();
        self.supervisor.end();
    }
}

/// The figures of a service, which is listed if it was not yet.
fn stats_of<'a>(services: &'a mut Vec<ServiceStats>, definition: &Definition) -> &'a mut ServiceStats {
    let description = &definition.description;
    let known = services.iter().position(|stats| stats.service == description.name);
    let index = known.unwrap_or_else(|| {
        services.push(ServiceStats::new(description));
        services.len() - 1
    });
    &mut services[index]
}
