//! The services of one process: started in the order of their dependencies, found by name, drained in reverse.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::any_client::AnyClient;
use crate::bindings::{BindingError, Bindings, Dependency};
use crate::builder::{Builder, Planned};
use crate::client::{Client, ServiceClient};
use crate::deadline::{Deadlines, after};
use crate::definition::Definition;
use crate::depends::{ConnectError, Depends};
use crate::description::{ServiceDescription, Settings};
use crate::endpoint::Endpoint;
use crate::error::{CallResult, Error};
use crate::executor::Executor;
use crate::graph::{GraphError, Vertex, layers};
use crate::group::{Group, GroupConfig, ServiceStats};
use crate::id::ReplicaId;
use crate::inject::{Clients, Provisions};
use crate::remote::Remote;
use crate::router::{Route, RouteStats, Routes};
use crate::served::Served;
use crate::service::Service;
use crate::supervision::supervised::Supervised;
use crate::supervision::supervisor::SupervisorHandle;
use crate::supervision::{GroupFailure, GroupStatus};

/// The running services of a process. Cheap to clone.
///
/// It ends nothing when it is dropped: call [`Runtime::drain`].
#[derive(Clone)]
pub struct Runtime(Arc<Shared>);

/// What all clients of a process share.
pub(crate) struct Shared {
    pub(crate) executor: Executor,
    pub(crate) deadlines: Arc<Deadlines>,
    supervisor: SupervisorHandle,
    provisions: Arc<Provisions>,
    bindings: Bindings,
    start_limit: Duration,
    directory: ArcSwap<HashMap<Box<str>, Arc<Listed>>>,
    /// In the order in which they were started: none depends on a later one.
    groups: Mutex<Vec<RunningGroup>>,
    /// What groups have counted that have gone, by their services. Locked after `groups`, if both are.
    past: Mutex<Vec<ServiceStats>>,
    /// Counts the changes of what can be called here.
    changes: watch::Sender<u64>,
}

/// A service that can be called from here.
pub(crate) struct Listed {
    pub(crate) routes: Arc<Routes>,
    /// Known where a group of it runs here.
    pub(crate) definition: Option<Arc<Definition>>,
}

/// A group of this process.
#[derive(Clone)]
pub struct RunningGroup {
    group: Arc<Group>,
    status: watch::Receiver<GroupStatus>,
    dependencies: Arc<[Dependency]>,
}

/// Why services did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The services do not fit together.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A service's workers failed more often than its restart settings allow.
    #[error("{service} did not start: {}", failure.reason)]
    Failed {
        /// Which one.
        service: String,
        /// Why.
        failure: GroupFailure,
    },
    /// A service was not ready in time.
    #[error("{service} was not ready within {limit:?}")]
    Late {
        /// Which one.
        service: String,
        /// The limit.
        limit: Duration,
    },
    /// A service was stopped before it was ready.
    #[error("{service} was stopped before it was ready")]
    Stopped {
        /// Which one.
        service: String,
    },
    /// Settings or configuration were given for a service that does not run here.
    #[error("there is no service {service} to set anything for, only {known}")]
    Unknown {
        /// The name that was given.
        service: String,
        /// The services that run here.
        known: String,
    },
    /// Dependencies that cannot be bound to their URLs.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Bindings(Vec<BindingError>),
    /// A URL was given for a parameter that is bound to none in the code.
    #[error("{service} has no parameter {parameter} with `#[depends(url = ..)]`: {}", known_parameters(known))]
    UnknownBinding {
        /// The service.
        service: String,
        /// The name that was given.
        parameter: String,
        /// The parameters of that service which are bound to URLs.
        known: String,
    },
    /// The control thread is gone.
    #[error("the control thread has ended")]
    NoControl,
}

/// What a drain left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// The groups that had not finished within the limit, with the messages that were given up.
    pub given_up: Vec<(ReplicaId, usize)>,
}

impl Runtime {
    /// Begins to describe a runtime.
    #[must_use]
    pub fn builder(executor: Executor) -> Builder {
        Builder::new(executor)
    }

    pub(crate) async fn new(
        executor: Executor,
        provisions: Provisions,
        bindings: Bindings,
        start_limit: Duration,
    ) -> Result<Self, StartError> {
        let supervisor = SupervisorHandle::start_on(&executor).await.ok_or(StartError::NoControl)?;
        let deadlines = Deadlines::new(Instant::now());
        executor.spawn_control(Arc::clone(&deadlines).sweep());
        Ok(Self(Arc::new(Shared {
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
        })))
    }

    /// The typed client of a service: `runtime.client::<FooClient>()`.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when no service of that name is known here.
    pub fn client<C: ServiceClient>(&self) -> CallResult<C> {
        self.client_of(C::SERVICE).map(C::from)
    }

    /// A client of the service with this name, which sends messages as values.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when no service of that name is known here.
    pub fn client_of(&self, service: &str) -> CallResult<Client> {
        self.0.client(service)
    }

    /// A client that calls by names, with encoded bodies.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when no service of that name is known here.
    pub fn any_client(&self, service: &str) -> CallResult<AnyClient> {
        Ok(AnyClient::new(self.0.listed(service)?.as_ref(), Arc::clone(&self.0)))
    }

    /// A client of whoever answers at a URL, typed or by names: what `#[depends(url = "..")]` is for a constructor.
    ///
    /// # Errors
    /// A text that is no URL, or somebody who offers something else than is called. That nobody answers is none.
    pub async fn connect<C: Depends>(&self, endpoint: impl Into<Endpoint>) -> Result<C, ConnectError> {
        let routes = self.0.bindings.connect(C::interface(), &endpoint.into()).await?;
        Ok(C::bound(Client::new(routes, Arc::clone(&self.0))))
    }

    /// The services of which groups run here, in the order in which they were started.
    #[must_use]
    pub fn descriptions(&self) -> Vec<ServiceDescription> {
        let mut descriptions: Vec<ServiceDescription> = Vec::new();
        for running in self.groups() {
            let description = &running.group.definition.description;
            if descriptions.iter().all(|known| known.name != description.name) {
                descriptions.push(description.clone());
            }
        }
        descriptions
    }

    /// The groups of this process, in the order in which they were started.
    #[must_use]
    pub fn groups(&self) -> Vec<RunningGroup> {
        self.0.running().clone()
    }

    /// What each service has done here: those of which groups run, or have run.
    #[must_use]
    pub fn stats(&self) -> Vec<ServiceStats> {
        // Held until all is added up: a group that goes meanwhile would be missed, or counted twice.
        let running = self.0.running();
        let mut services = self.0.past().clone();
        for group in running.iter() {
            stats_of(&mut services, &group.group.definition).add(&group.group, &group.status.borrow());
        }
        services
    }

    /// How messages were routed to each service that is known here.
    #[must_use]
    pub fn routing(&self) -> Vec<(Box<str>, RouteStats)> {
        let directory = self.0.directory.load();
        directory.iter().map(|(service, listed)| (service.clone(), listed.routes.stats())).collect()
    }

    /// The groups that can be called, for those who bring calls from other processes.
    #[must_use]
    pub fn served(&self) -> Vec<Served> {
        let directory = self.0.directory.load();
        let mut served: Vec<_> = directory.values().flat_map(|listed| Served::of(listed, &self.0.deadlines)).collect();
        served.sort_by(|one, other| one.replica().as_str().cmp(other.replica().as_str()));
        served
    }

    /// A number that is another one whenever [`Runtime::served`] may have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Makes a replica in another process known; one with the same identifier is replaced. `timeout` is the deadline of
    /// calls that bring none, unless a group of the service runs here.
    pub fn add_remote(&self, service: &str, remote: Arc<dyn Remote>, timeout: Duration) {
        let routes = self.0.routes(service, None, timeout);
        if self.0.listed(service).is_ok_and(|listed| listed.definition.is_none()) {
            routes.set_timeout(timeout);
        }
        let replica = remote.replica();
        let is_here = |route: &Route| matches!(route, Route::Local(_)) && route.replica() == replica;
        if !routes.all().iter().any(is_here) {
            routes.add(Route::Remote(remote));
        }
    }

    /// Takes out a replica in another process.
    pub fn remove_remote(&self, service: &str, replica: &ReplicaId) {
        if let Ok(listed) = self.0.listed(service) {
            listed.routes.remove(replica);
        }
    }

    /// Where everything runs.
    #[must_use]
    pub fn executor(&self) -> &Executor {
        &self.0.executor
    }

    /// Starts another group of a service, and returns when a worker of it is ready.
    ///
    /// # Errors
    /// A dependency that is not known here, or why no worker became ready; nothing is left behind then. Dropped before
    /// it is done, it leaves the group to start, without a route to it.
    pub async fn spawn<S: Service>(&self, settings: &Settings) -> Result<ReplicaId, StartError> {
        let definition = Arc::new(Definition::of::<S>());
        for dependency in definition.description.dependencies() {
            if self.0.listed(dependency).is_err() {
                let path = vec![definition.description.name.to_owned(), dependency.to_owned()];
                return Err(GraphError::Missing { path }.into());
            }
        }
        self.0.bindings.bind([&*definition].into_iter()).await.map_err(StartError::Bindings)?;
        let settings = definition.description.settings.clone().overlaid(settings);
        let running = self.0.start_group(&Planned { definition, settings });
        if let Err(error) = self.0.await_up(&running).await {
            self.0.stop_group(&running, Instant::now()).await;
            return Err(error);
        }
        Ok(running.group.replica.clone())
    }

    /// Drains one group and ends its workers: what it has accepted is finished within `limit`. False if it is unknown.
    ///
    /// Dropped before it is done, it leaves the group draining.
    pub async fn stop(&self, replica: &ReplicaId, limit: Duration) -> bool {
        let Some(running) = self.groups().into_iter().find(|running| running.group.replica == *replica) else {
            return false;
        };
        self.0.stop_group(&running, after(Instant::now(), limit)).await;
        true
    }

    /// Drains all groups, callers before those whom they call, and ends their workers. What is not finished within
    /// `limit` is given up; its callers are told, those of a computation when that ends.
    ///
    /// Dropped before it is done, it leaves groups draining.
    pub async fn drain(&self, limit: Duration) -> Drained {
        let end = after(Instant::now(), limit);
        let mut drained = Drained::default();
        for layer in self.layers().iter().rev() {
            let stopped = layer.iter().map(|running| self.0.stop_group(running, end));
            for (running, given_up) in layer.iter().zip(join_all(stopped).await) {
                if given_up > 0 {
                    drained.given_up.push((running.group.replica.clone(), given_up));
                }
            }
        }
        drained
    }

    /// The groups by the depth of their services: none calls into a later layer.
    fn layers(&self) -> Vec<Vec<RunningGroup>> {
        let groups = self.groups();
        let descriptions = self.descriptions();
        let vertices: Vec<_> = descriptions.iter().map(Vertex::of).collect();
        let layers = layers(&vertices, |_| true).expect("what runs was started without a cycle or a double name");
        let of_layer = |layer: Vec<usize>| {
            let in_layer = |running: &&RunningGroup| {
                layer.iter().any(|&index| descriptions[index].name == running.group.service())
            };
            groups.iter().filter(in_layer).cloned().collect()
        };
        layers.into_iter().map(of_layer).collect()
    }

    /// Starts a layer of services that do not need each other, and waits until each has a ready worker.
    pub(crate) async fn start_layer(&self, layer: impl Iterator<Item = &Planned>) -> Result<(), StartError> {
        let started: Vec<_> = layer.map(|planned| self.0.start_group(planned)).collect();
        for running in &started {
            self.0.await_up(running).await?;
        }
        Ok(())
    }

    /// The routes to a service, which is listed if it was not yet.
    pub(crate) fn routes(&self, service: &str, definition: Option<&Arc<Definition>>, timeout: Duration) -> Arc<Routes> {
        self.0.routes(service, definition, timeout)
    }
}

impl Shared {
    pub(crate) fn client(self: &Arc<Self>, service: &str) -> CallResult<Client> {
        Ok(Client::new(Arc::clone(&self.listed(service)?.routes), Arc::clone(self)))
    }

    fn listed(&self, service: &str) -> CallResult<Arc<Listed>> {
        let directory = self.directory.load();
        directory.get(service).cloned().ok_or_else(|| {
            let mut known: Vec<&str> = directory.keys().map(AsRef::as_ref).collect();
            known.sort_unstable();
            Error::unavailable(format!("no service is named {service}, only {}", known.join(", ")))
        })
    }

    fn routes(&self, service: &str, definition: Option<&Arc<Definition>>, timeout: Duration) -> Arc<Routes> {
        let fresh = Routes::new(service, timeout);
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
    fn start_group(self: &Arc<Self>, planned: &Planned) -> RunningGroup {
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

    async fn await_up(&self, running: &RunningGroup) -> Result<(), StartError> {
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
    async fn stop_group(&self, running: &RunningGroup, end: Instant) -> usize {
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

    fn past(&self) -> MutexGuard<'_, Vec<ServiceStats>> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, Vec<RunningGroup>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
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

fn known_parameters(known: &str) -> String {
    if known.is_empty() { "it has none".into() } else { format!("it has {known}") }
}

/// How long workers that have nothing to do any more may take to end.
const GRACE: Duration = Duration::from_millis(500);

impl RunningGroup {
    /// The group itself: its name, settings and statistics.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// How it fares at this moment.
    #[must_use]
    pub fn status(&self) -> GroupStatus {
        self.status.borrow().clone()
    }

    /// What it depends on that is bound to URLs, in the order of its constructor.
    #[must_use]
    pub fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }

    /// Whether it has a worker that can be sent messages, by the word of the service itself.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status() == GroupStatus::Up && self.group.is_ready()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.deadlines.end();
        self.supervisor.end();
    }
}
