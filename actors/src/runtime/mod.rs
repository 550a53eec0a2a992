//! The services of one process: started in the order of their dependencies, found by name, drained in reverse.

mod error;
mod running;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::Instant;

pub use self::error::StartError;
pub use self::running::RunningGroup;
pub(crate) use self::shared::{Listed, Shared};
use crate::any_client::AnyClient;
use crate::bindings::Bindings;
use crate::builder::{Builder, Planned};
use crate::client::{Client, ServiceClient};
use crate::deadline::after;
use crate::definition::Definition;
use crate::depends::{ConnectError, Depends};
use crate::description::{ServiceDescription, Settings};
use crate::endpoint::Endpoint;
use crate::error::CallResult;
use crate::executor::Executor;
use crate::graph::{GraphError, Vertex, layers};
use crate::group::ServiceStats;
use crate::id::ReplicaId;
use crate::inject::Provisions;
use crate::remote::Remote;
use crate::router::{Route, RouteStats, Routes};
use crate::served::Served;
use crate::service::Service;

/// The running services of a process. Cheap to clone.
///
/// It ends nothing when it is dropped: call [`Runtime::drain`].
#[derive(Clone)]
pub struct Runtime(Arc<Shared>);

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
        Ok(Self(Shared::new(executor, provisions, bindings, start_limit).await?))
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
        self.0.stats()
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

    /// Sets how many messages the groups of this process are to have, in proportion to the [weights](Remote::weight) of
    /// replicas in other ones; 1 unless set.
    pub fn set_weight(&self, weight: u32) {
        self.0.set_weight(weight);
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
