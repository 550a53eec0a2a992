//! A process's own services, and the threads they run on.

mod builder;
mod control;
mod error;

use std::net::SocketAddr;
use std::time::Duration;

use playhouse_actors::{
    AnyClient, CallResult, ConnectError, Depends, Drained, Endpoint, ReplicaId, Runtime, Service, ServiceClient,
    ServiceDescription, Settings, StartError,
};
use playhouse_cluster::Cluster;
use tokio::sync::OnceCell;

pub use builder::NodeBuilder;
pub(crate) use control::Control;
pub use error::NodeError;

use crate::gateway::Gateway;
use crate::tasks::{TaskConfig, TaskCounts, TaskStoreError, Tasks};

/// How long a drain waits for what was accepted, unless told otherwise: Kubernetes kills after 30 s.
pub(crate) const DRAIN_LIMIT: Duration = Duration::from_secs(30);

/// How long the last answers may take to be written to other nodes.
const LEAVE_LIMIT: Duration = Duration::from_secs(1);

/// Running services, in any tokio program. The threads that they need are the node's own and hidden.
///
/// Dropping a node ends its services where they are; [`Node::drain`] lets them finish.
///
/// ```no_run
/// # use playhouse::prelude::*;
/// # struct Greeter;
/// # #[service]
/// # impl Greeter {
/// #     #[init] fn new() -> Self { Greeter }
/// #     #[api] async fn greet(&self, name: String) -> Result<String> { Ok(name) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let node = Node::builder().service::<Greeter>().start().await?;
/// let greeter: GreeterClient = node.client()?;
/// println!("{}", greeter.greet("world".into()).await?);
/// node.drain(std::time::Duration::from_secs(10)).await;
/// # Ok(())
/// # }
/// ```
pub struct Node {
    runtime: Runtime,
    gateway: Option<Gateway>,
    cluster: Option<Cluster>,
    task_config: TaskConfig,
    /// Opened when there is a gateway and a service with a task.
    tasks: OnceCell<Tasks>,
    drain_limit: Duration,
    /// Last: what is above runs on its threads.
    _control: Control,
}

impl Node {
    /// Begins to describe a node.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::new()
    }

    /// A typed client of a service, such as `node.client::<FooClient>()`.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when the service is not known here; names those that are.
    pub fn client<C: ServiceClient>(&self) -> CallResult<C> {
        self.runtime.client()
    }

    /// A client that calls by names, with encoded bodies.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when the service is not known here; names those that are.
    pub fn any_client(&self, service: &str) -> CallResult<AnyClient> {
        self.runtime.any_client(service)
    }

    /// A client of whoever answers at a URL, be it another Playhouse or BentoML: typed, as `node.connect::<FooClient>(..)`,
    /// or without types, as `node.connect::<AnyClient>(..)`. What `#[depends(url = "..")]` is for a constructor.
    ///
    /// The URL may hold variables of the environment, as `${NAME}` or `${NAME:-default}`; one that needs a bearer token is an
    /// [`Endpoint`]. Nobody has to be there yet.
    ///
    /// # Errors
    /// A text that is no URL, a token that is not there, or somebody who offers something else than the typed client calls; names all of it.
    pub async fn connect<C: Depends>(&self, endpoint: impl Into<Endpoint>) -> Result<C, ConnectError> {
        self.runtime.connect(endpoint).await
    }

    /// Starts another group of a service, and returns when a worker of it is ready.
    ///
    /// # Errors
    /// A dependency that is not known here, or why no worker became ready; nothing is left behind then.
    pub async fn spawn<S: Service>(&self, settings: &Settings) -> Result<ReplicaId, StartError> {
        let replica = self.runtime.spawn::<S>(settings).await?;
        if let Err(error) = self.serve().await {
            // The service itself runs and can be called.
            tracing::error!(%error, service = S::NAME, "its tasks are refused");
        }
        Ok(replica)
    }

    /// Has the gateway answer for all services that run now.
    async fn serve(&self) -> Result<(), TaskStoreError> {
        let Some(gateway) = &self.gateway else { return Ok(()) };
        let opened = self.open_tasks().await;
        gateway.serve(&self.runtime, self.tasks.get().cloned());
        opened
    }

    /// Runs the tasks of all services that run now, if any has some.
    async fn open_tasks(&self) -> Result<(), TaskStoreError> {
        let descriptions = self.runtime.descriptions();
        if has_tasks(descriptions.iter()) {
            self.tasks.get_or_try_init(|| Tasks::open(&self.task_config)).await?.offer(&self.runtime).await;
        }
        Ok(())
    }

    /// Ends one group: what it has accepted is finished within the node's drain limit. False if it is unknown.
    pub async fn stop(&self, replica: &ReplicaId) -> bool {
        self.runtime.stop(replica, self.drain_limit).await
    }

    /// Accepts nothing new, finishes what was accepted, and ends. What is not finished within `limit` is given up.
    ///
    /// New HTTP requests get 503 from the first moment, while those that run are answered. Tasks that wait stay on disk for
    /// the next start; one that is given up counts as interrupted.
    pub async fn drain(self, limit: Duration) -> Drained {
        if let Some(gateway) = &self.gateway {
            gateway.refuse();
        }
        if let Some(cluster) = &self.cluster {
            cluster.drain();
        }
        if let Some(tasks) = self.tasks.get() {
            tasks.pause().await;
        }
        let drained = self.runtime.drain(limit).await;
        if let Some(tasks) = self.tasks.get() {
            tasks.end().await;
        }
        if let Some(gateway) = self.gateway {
            gateway.finish().await;
        }
        if let Some(cluster) = self.cluster {
            // What was accepted has been answered; this is about the last bytes of the answers.
            cluster.leave(LEAVE_LIMIT).await;
        }
        drained
    }

    /// The node as a member of a cluster: where it listens, and who else is there. `None` outside of one.
    #[must_use]
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    /// How many tasks of each method are where: nothing where no task is taken.
    #[must_use]
    pub fn task_counts(&self) -> Vec<TaskCounts> {
        self.tasks.get().map(Tasks::counts).unwrap_or_default()
    }

    /// The services themselves, apart from the threads that they run on. Cheap to clone.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Where HTTP is answered: the real port, also if port 0 was asked for. `None` without a gateway.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.gateway.as_ref().map(Gateway::address)
    }

    /// Where HTTP is answered, as a URL without a path: `http://127.0.0.1:3000`. `None` without a gateway.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.gateway.as_ref().map(|gateway| format!("{}://{}", gateway.scheme(), gateway.address()))
    }

    /// The service whose methods are at `/<method>`. `None` without a gateway.
    #[must_use]
    pub fn entry(&self) -> Option<&str> {
        self.gateway.as_ref().map(Gateway::entry)
    }
}

/// Whether any of these services has a method that can be submitted.
fn has_tasks<'a>(mut services: impl Iterator<Item = &'a ServiceDescription>) -> bool {
    services.any(|service| service.methods.iter().any(|method| method.task.is_some()))
}
