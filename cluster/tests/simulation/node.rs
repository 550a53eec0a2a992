//! One node of a simulation: a runtime with its services, a member of the cluster, and callers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_actors::{Executor, Route, Runtime};
use playhouse_cluster::{Address, Cluster, ClusterConfig, NodeId, StaticPeers};
use tokio::time::sleep;

use crate::callers::Caller;
use crate::network::Network;
use crate::oracle;
use crate::work::{Host, Relay, Work};

/// How long a node may be silent here until it counts as dead.
pub(crate) const SILENCE: Duration = Duration::from_millis(600);
/// How long a drain and a farewell may take.
pub(crate) const LEAVE: Duration = Duration::from_millis(500);
/// How long what a node has left behind may take to end.
const AFTERMATH: Duration = Duration::from_millis(100);
/// How often a node looks for orders.
const LOOK: Duration = Duration::from_millis(2);
const PORT: u16 = 7000;

/// One host, over all lives of its node.
pub(crate) struct Node {
    pub(crate) name: String,
    /// Whether the services run here.
    pub(crate) serves: bool,
    callers: usize,
    peers: Vec<String>,
    network: Network,
    seed: u64,
    lives: Cell<u64>,
    orders: Cell<Orders>,
    stopped: Rc<Cell<bool>>,
    /// How it is at rest, when it was asked.
    pub(crate) rest: RefCell<Option<Rest>>,
}

/// What a node is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orders {
    /// To call and to be called.
    Work,
    /// To look how it is.
    Report,
    /// To finish what it has, and end.
    Leave,
}

/// What a node has left when nobody calls any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rest {
    /// What should be nothing, by its name.
    pub(crate) counts: Vec<(String, usize)>,
    /// Whether it has left since, as it was told to.
    pub(crate) has_left: bool,
}

impl Node {
    pub(crate) fn new(
        name: String,
        serves: bool,
        callers: usize,
        peers: Vec<String>,
        network: Network,
        seed: u64,
    ) -> Rc<Self> {
        let (lives, orders, stopped, rest) = (Cell::new(0), Cell::new(Orders::Work), Rc::default(), RefCell::default());
        Rc::new(Self { name, serves, callers, peers, network, seed, lives, orders, stopped, rest })
    }

    pub(crate) fn order(&self, orders: Orders) {
        self.orders.set(orders);
    }

    /// Lets the callers finish their calls and make no more.
    pub(crate) fn stop_calling(&self) {
        self.stopped.set(true);
    }

    /// One life of the node.
    pub(crate) async fn live(self: Rc<Self>) -> turmoil::Result {
        self.lives.set(self.lives.get() + 1);
        self.orders.set(Orders::Work);
        let services = Runtime::builder(Executor::Current).provide(Host(self.name.as_str().into()));
        let services = match self.serves {
            true => services.service::<Work>().service::<Relay>(),
            false => services.elsewhere("Work").elsewhere("Relay"),
        };
        let runtime = services.start().await?;
        let cluster = Cluster::join(&runtime, self.config()?).await?;
        oracle::note(|| format!("{} is there", self.name));
        for index in 0..self.callers {
            let rng = fastrand::Rng::with_seed(self.seed ^ (self.lives.get() << 40) ^ ((index as u64) << 32));
            let caller = Caller::new(&self.name, &runtime)?;
            tokio::task::spawn_local(caller.run(rng, Rc::clone(&self.stopped)));
        }
        self.obey(&runtime).await;
        self.leave(runtime, cluster).await;
        Ok(())
    }

    /// Does as it is told, until it is to leave.
    async fn obey(&self, runtime: &Runtime) {
        loop {
            match self.orders.get() {
                Orders::Work => {}
                Orders::Report => drop(self.rest.replace(Some(rest(runtime)))),
                Orders::Leave => return,
            }
            sleep(LOOK).await;
        }
    }

    async fn leave(&self, runtime: Runtime, cluster: Cluster) {
        cluster.drain();
        let given_up = runtime.drain(LEAVE).await.given_up.len();
        let finished = cluster.leave(LEAVE).await;
        drop(runtime);
        sleep(AFTERMATH).await;
        oracle::note(|| format!("{} has left", self.name));
        if let Some(rest) = &mut *self.rest.borrow_mut() {
            rest.counts.push(("groups with calls that a drain gave up".into(), given_up));
            rest.counts.push(("connections with calls in flight".into(), usize::from(!finished)));
            rest.has_left = true;
        }
    }

    fn config(&self) -> turmoil::Result<ClusterConfig> {
        let mut peers = Vec::new();
        for peer in &self.peers {
            peers.push(Address::Tcp(format!("{peer}:{PORT}")));
        }
        Ok(ClusterConfig {
            node: NodeId::new(self.name.as_str()),
            listen: vec![Address::Tcp(format!("0.0.0.0:{PORT}"))],
            discovery: Arc::new(StaticPeers::new(peers)),
            transport: Arc::new(self.network.clone()),
            insecure: true,
            connect_limit: Duration::from_millis(300),
            silence_limit: SILENCE,
            redial: (Duration::from_millis(10), Duration::from_millis(100)),
            ..ClusterConfig::default()
        })
    }
}

/// What is left of calls, where there are none.
fn rest(runtime: &Runtime) -> Rest {
    let mut counts = Vec::new();
    for stats in runtime.stats() {
        let service = stats.service;
        counts.push((format!("admitted messages of {service}"), stats.admitted));
        counts.push((format!("waiting messages of {service}"), stats.depth));
        counts.push((format!("running messages of {service}"), stats.running));
        let streams = stats.methods.iter().map(|method| method.streams).sum();
        counts.push((format!("streams of {service}"), streams));
    }
    for service in ["Work", "Relay"] {
        let routes = runtime.client_of(service).map(|client| client.routes().all()).unwrap_or_default();
        for route in routes.iter() {
            if let Route::Remote(remote) = route {
                counts.push((format!("messages on their way to {}", remote.replica()), remote.load()));
            }
        }
    }
    Rest { counts, has_left: false }
}
