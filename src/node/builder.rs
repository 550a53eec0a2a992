//! What a node is to run.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use playhouse_actors::{
    Arbiters, Builder, Executor, Runtime, Service, ServiceDescription, Settings, StartError, TokenSource,
};
use playhouse_cluster::{Cluster, ClusterConfig};
use tokio::sync::OnceCell;

use super::{Control, DRAIN_LIMIT, Node, NodeError, has_tasks};
use crate::gateway::{Gateway, GatewayConfig, Seen};
use crate::outbound::{HttpConnector, OutboundConfig, OutboundFigures};
use crate::tasks::{TaskConfig, Tasks};
use crate::telemetry::{Sampler, Tracing};

/// Describes a node; see [`Node::builder`].
#[must_use = "a node runs when it is started"]
pub struct NodeBuilder {
    services: Builder,
    threads: Option<NonZeroUsize>,
    gateway: Option<GatewayConfig>,
    cluster: Option<ClusterConfig>,
    tasks: TaskConfig,
    drain_limit: Duration,
    tracing: Tracing,
    outbound: OutboundConfig,
}

impl NodeBuilder {
    pub(super) fn new() -> Self {
        // Where they really run is known when the node starts.
        let services = Runtime::builder(Executor::Current);
        Self {
            services,
            threads: None,
            gateway: None,
            cluster: None,
            tasks: TaskConfig::default(),
            drain_limit: DRAIN_LIMIT,
            tracing: Tracing::default(),
            outbound: OutboundConfig::default(),
        }
    }

    /// Runs a group of this service. The last one given is the entry of the gateway, unless its settings name another.
    pub fn service<S: Service>(self) -> Self {
        self.with(|services| services.service::<S>())
    }

    /// Lays settings over those in the code of a service.
    pub fn settings(self, service: impl Into<String>, settings: Settings) -> Self {
        self.with(|services| services.settings(service, settings))
    }

    /// Sets what [`Config`](crate::Config) reads for a service.
    pub fn configure(self, service: impl Into<String>, configuration: serde_json::Value) -> Self {
        self.with(|services| services.configure(service, configuration))
    }

    /// Binds a parameter with `#[depends(url = "..")]` to another URL than the one in the code.
    pub fn depends(self, service: impl Into<String>, parameter: impl Into<String>, url: impl Into<String>) -> Self {
        self.with(|services| services.depends(service, parameter, url))
    }

    /// Says where the bearer token for such a parameter is, in place of what the code says.
    pub fn depends_token(self, service: impl Into<String>, parameter: impl Into<String>, token: TokenSource) -> Self {
        self.with(|services| services.depends_token(service, parameter, token))
    }

    /// Gives constructors something to draw on; see [`InitContext::provision`](crate::InitContext::provision).
    pub fn provide<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.with(|services| services.provide(value))
    }

    /// The longest time one service may take to start.
    pub fn start_limit(self, limit: Duration) -> Self {
        self.with(|services| services.start_limit(limit))
    }

    /// How many threads HTTP and the workers that await share; one for each core unless set.
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Answers HTTP. Workers that await run on the threads that HTTP runs on, so that a request takes no hop.
    pub fn gateway(mut self, gateway: GatewayConfig) -> Self {
        self.gateway = Some(gateway);
        self
    }

    /// Where submitted tasks are kept. They come by HTTP: a node without a gateway keeps none.
    pub fn tasks(mut self, tasks: TaskConfig) -> Self {
        self.tasks = tasks;
        self
    }

    /// The gateway that was asked for, taken out to be changed.
    pub(crate) fn take_gateway(mut self) -> (Self, GatewayConfig) {
        let gateway = self.gateway.take().unwrap_or_default();
        (self, gateway)
    }

    /// Makes the node a member of a cluster: other nodes can call its services, and it can call theirs. What a service
    /// depends on may then run elsewhere, or nowhere yet: calls are `Unavailable` until it is found.
    pub fn cluster(mut self, cluster: ClusterConfig) -> Self {
        self.cluster = Some(cluster);
        self
    }

    /// Runs only those of the services that `runs` says. Others that they depend on have to be on other nodes of the
    /// cluster.
    pub fn only(self, runs: impl Fn(&ServiceDescription) -> bool) -> Self {
        self.with(|services| services.only(runs))
    }

    /// How long [`Node::stop`] waits for what a group has accepted; 30 s unless set.
    pub fn drain_limit(mut self, limit: Duration) -> Self {
        self.drain_limit = limit;
        self
    }

    /// Records this part, from 0 to 1, of the requests that belong to no trace yet: their calls are spans of `tracing` with
    /// the target [`SPANS`](crate::SPANS). For programs that send spans somewhere; unless set, only those are recorded
    /// whose `traceparent` says so.
    pub fn sample_traces(mut self, ratio: f64) -> Self {
        self.tracing.sampler = Sampler::new(ratio);
        self
    }

    /// What it is told about its traces by the command line.
    pub(crate) fn tracing(mut self, tracing: Tracing) -> Self {
        self.tracing = tracing;
        self
    }

    /// The largest answer that is taken from a service at a URL, in bytes; 100 MiB unless set.
    pub fn max_answer(mut self, bytes: usize) -> Self {
        self.outbound.max_answer = bytes;
        self
    }

    /// Trusts the authorities in this file, in PEM, where a URL begins with `https`: beside those that this machine trusts.
    pub fn depends_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.outbound.authorities = Some(file.into());
        self
    }

    /// The services in the order in which they were given.
    #[must_use]
    pub fn descriptions(&self) -> Vec<&ServiceDescription> {
        self.services.descriptions()
    }

    /// Checks that the services fit together, without starting anything.
    ///
    /// # Errors
    /// Which ones do not, and why.
    pub fn check(&self) -> Result<(), StartError> {
        self.services.plan().map(drop)
    }

    /// Services that are depended on and do not run here are expected on other nodes, if there is a cluster.
    fn expect_elsewhere(self) -> Self {
        if self.cluster.is_none() {
            return self;
        }
        let here: Vec<&str> = self.descriptions().iter().map(|service| service.name).collect();
        let needed = self.descriptions().into_iter().flat_map(ServiceDescription::dependencies);
        let missing: Vec<&str> = needed.filter(|name| !here.contains(name)).collect();
        missing.into_iter().fold(self, |node, name| node.with(|services| services.elsewhere(name)))
    }

    /// Starts everything: returns when each service has a worker that is ready.
    ///
    /// With a gateway its port is taken first: until the services are ready it answers `/livez` with 200 and everything
    /// else with 503.
    ///
    /// # Errors
    /// See [`NodeError`]; what was started before is stopped again.
    pub async fn start(self) -> Result<Node, NodeError> {
        let node = self.expect_elsewhere();
        node.check()?;
        let tasks = node.open_tasks().await?;
        let control = Control::start().await.map_err(NodeError::Threads)?;
        let threads = node.thread_count();
        let figures = Arc::<OutboundFigures>::default();
        let connector = HttpConnector::new(control.handle(), &node.outbound, Arc::clone(&figures))?;
        let (gateway, arbiters) = match &node.gateway {
            Some(config) => {
                let seen = Seen { tracing: node.tracing.clone(), outbound: Arc::clone(&figures) };
                let services = node.descriptions();
                let (gateway, arbiters) = Gateway::start(config, &services, threads, seen, &control).await?;
                (Some(gateway), arbiters)
            }
            None => (None, control.arbiters(threads).await.map_err(NodeError::Threads)?),
        };
        let executor = Executor::Arbiters(Arbiters::new(control.handle(), arbiters));
        // If this fails, the control thread takes the gateway and the arbiters with it.
        let runtime = node.services.executor(executor).connector(Arc::new(connector)).start().await?;
        let cluster = match node.cluster {
            Some(config) => Some(Cluster::join(&runtime, config).await?),
            None => None,
        };
        let (task_config, drain_limit) = (node.tasks, node.drain_limit);
        let node = Node { runtime, gateway, cluster, task_config, tasks, drain_limit, _control: control };
        node.serve().await?;
        Ok(node)
    }

    /// Opens the store of tasks, if there are any: before services start, which may take long, only to be stopped again.
    async fn open_tasks(&self) -> Result<OnceCell<Tasks>, NodeError> {
        let wanted = self.gateway.is_some() && has_tasks(self.descriptions().into_iter());
        Ok(if wanted { OnceCell::new_with(Some(Tasks::open(&self.tasks).await?)) } else { OnceCell::new() })
    }

    /// What the program provides to all constructors under a type.
    pub(crate) fn provision<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.services.provision()
    }

    /// How many threads are shared: at least one.
    pub(crate) fn thread_count(&self) -> usize {
        let threads = self.threads.or_else(|| thread::available_parallelism().ok());
        threads.map_or(1, NonZeroUsize::get)
    }

    fn with(mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.services = change(self.services);
        self
    }
}
