//! A place in which nodes run: one thread, and a network.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use playhouse_actors::{Builder, Executor, Runtime};
use playhouse_cluster::transport::{Memory, Sockets, Transport};
use playhouse_cluster::{Address, Cluster, ClusterConfig, SameHost, StaticPeers};
use tokio::task::LocalSet;

use crate::Scenario;
use crate::probe::Probe;
use crate::simulated::Simulated;

/// Nothing here takes so long unless it fails.
const LIMIT: Duration = Duration::from_secs(20);

/// A kind of network.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Tcp,
    /// TCP, between nodes that find out that they are on one machine.
    SameHost,
    Unix,
    Memory,
    Simulated,
}

/// A place in which nodes run.
pub(crate) struct World {
    kind: Kind,
    transport: Arc<dyn Transport>,
    made: Cell<u32>,
}

/// A node with its services.
pub(crate) struct Node {
    pub(crate) runtime: Runtime,
    pub(crate) cluster: Cluster,
}

impl Kind {
    pub(crate) const ALL: [Kind; 5] = [Kind::Tcp, Kind::SameHost, Kind::Unix, Kind::Memory, Kind::Simulated];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Tcp => "tcp",
            Kind::SameHost => "same_host",
            Kind::Unix => "unix",
            Kind::Memory => "memory",
            Kind::Simulated => "simulated",
        }
    }

    /// Runs a scenario in a world of its own.
    pub(crate) fn run(self, scenario: Scenario) {
        let transport: Arc<dyn Transport> = match self {
            Kind::Tcp | Kind::SameHost | Kind::Unix => Arc::new(Sockets),
            Kind::Memory => Arc::new(Memory::default()),
            Kind::Simulated => Arc::new(Simulated),
        };
        let world = World { kind: self, transport, made: Cell::new(0) };
        if let Kind::Simulated = self {
            return simulate(scenario, world);
        }
        // Sockets are of the real world: a clock that stands still would pass by while they are waited for.
        let paused = matches!(self, Kind::Memory);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(paused).build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            tokio::time::timeout(LIMIT, scenario(world)).await.expect("a scenario comes to its end");
        });
    }
}

fn simulate(scenario: Scenario, world: World) {
    let mut builder = turmoil::Builder::new();
    builder.simulation_duration(LIMIT).tick_duration(Duration::from_millis(1)).tcp_capacity(4096).rng_seed(1);
    let mut simulation = builder.build();
    simulation.client("world", async move {
        scenario(world).await;
        Ok(())
    });
    simulation.run().unwrap();
}

impl World {
    /// An address at which nobody listens yet.
    pub(crate) fn address(&self) -> Address {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        self.made.set(self.made.get() + 1);
        let unique = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        match self.kind {
            Kind::Tcp | Kind::SameHost => {
                // Taken for a moment, so that the next node that asks the system gets another one.
                let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
                Address::Tcp(listener.local_addr().unwrap().to_string())
            }
            Kind::Unix => Address::Unix(format!("@playhouse-test-{unique}")),
            Kind::Memory => Address::Memory(unique),
            Kind::Simulated => Address::Tcp(format!("127.0.0.1:{}", 7000 + self.made.get())),
        }
    }

    /// How bytes get about here.
    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.transport
    }

    /// Whether a long body takes longer than a short one.
    pub(crate) fn has_bandwidth(&self) -> bool {
        !matches!(self.kind, Kind::Simulated)
    }

    /// Whether calls leave the network that is dialled.
    pub(crate) fn is_same_host(&self) -> bool {
        matches!(self.kind, Kind::SameHost)
    }

    /// Whether time passes here only while nothing else happens.
    pub(crate) fn has_clock(&self) -> bool {
        matches!(self.kind, Kind::Memory | Kind::Simulated)
    }

    /// What a node at this address is to do.
    pub(crate) fn config(&self, listen: &Address, peers: &[&Address]) -> ClusterConfig {
        ClusterConfig {
            listen: vec![listen.clone()],
            discovery: Arc::new(StaticPeers::new(peers.iter().map(|&peer| peer.clone()))),
            transport: Arc::clone(&self.transport),
            same_host: if self.is_same_host() { SameHost::Unix } else { SameHost::Tcp },
            redial: (Duration::from_millis(5), Duration::from_millis(50)),
            ..ClusterConfig::default()
        }
    }

    /// Starts a node.
    pub(crate) async fn node(&self, services: Builder, config: ClusterConfig) -> Node {
        let runtime = services.start().await.unwrap();
        let cluster = Cluster::join(&runtime, config).await.unwrap();
        Node { runtime, cluster }
    }

    /// A node that calls, and one with a [`Probe`] that it has dialled.
    pub(crate) async fn pair(&self) -> (Node, Node) {
        let (near, far) = (self.address(), self.address());
        let there = self.node(services().service::<Probe>(), self.config(&far, &[])).await;
        let here = self.node(services().elsewhere("Probe"), self.config(&near, &[&far])).await;
        here.finds("Probe", 1).await;
        (here, there)
    }
}

impl Node {
    /// Waits until so many other nodes offer a service.
    pub(crate) async fn finds(&self, service: &str, count: usize) {
        self.cluster.until(|peers| peers.iter().filter(|peer| peer.offers(service)).count() == count).await;
    }

    /// Ends it without a word, as if its process had been killed.
    pub(crate) async fn kill(self) {
        drop(self.cluster);
        self.runtime.drain(Duration::ZERO).await;
    }
}

/// The services of a node, none yet; all on this thread.
pub(crate) fn services() -> Builder {
    Runtime::builder(Executor::Current)
}

/// Waits until something holds that happens elsewhere on this thread.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
