//! A node that strangers connect to, and a peer of it that keeps to the rules.

use std::cell::Cell;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use playhouse_actors::{Executor, Result, Runtime, service};
use playhouse_cluster::{Cluster, ClusterConfig, StaticPeers};
use tokio::task::LocalSet;

/// Nothing here takes so long unless it fails.
const LIMIT: Duration = Duration::from_secs(30);
/// How long a stranger may say nothing.
const CONNECT_LIMIT: Duration = Duration::from_millis(300);

thread_local! {
    static RUNNING: Cell<usize> = const { Cell::new(0) };
}

/// How many calls of [`Target`] are running on this thread.
pub(crate) fn running() -> usize {
    RUNNING.get()
}

struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.set(RUNNING.get() + 1);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.set(RUNNING.get() - 1);
    }
}

/// What strangers call.
pub(crate) struct Target;

/// Numbers of its methods, in their order: it is the only service of its node.
pub(crate) const ECHO: u32 = 0;
pub(crate) const HANG: u32 = 1;
pub(crate) const COUNT: u32 = 2;

#[service(workers = 1, traffic(timeout = "10s"))]
impl Target {
    #[init]
    fn new() -> Self {
        Target
    }

    #[api]
    async fn echo(&self, text: String) -> Result<String> {
        Ok(text)
    }

    #[api]
    async fn hang(&self) -> Result<()> {
        let _running = Running::begin();
        pending().await
    }

    #[api]
    fn count(&self, to: u32) -> impl Stream<Item = Result<u32>> {
        let running = Running::begin();
        stream::iter(0..to).map(move |number| {
            let _running = &running;
            Ok(number)
        })
    }
}

/// The node, and its peer.
pub(crate) struct Nodes {
    pub(crate) address: SocketAddr,
    client: TargetClient,
    _clusters: [Cluster; 2],
}

impl Nodes {
    async fn start() -> Self {
        let runtime = Runtime::builder(Executor::Current).service::<Target>().start().await.unwrap();
        let config = ClusterConfig {
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            connect_limit: CONNECT_LIMIT,
            ..ClusterConfig::default()
        };
        let cluster = Cluster::join(&runtime, config).await.unwrap();
        let address = cluster.addresses()[0].clone();
        let peer = Runtime::builder(Executor::Current).elsewhere("Target").start().await.unwrap();
        let config = ClusterConfig {
            discovery: Arc::new(StaticPeers::new([address.clone()])),
            data_connections: Some(1),
            ..ClusterConfig::default()
        };
        let joined = Cluster::join(&peer, config).await.unwrap();
        joined.until(|peers| peers.iter().any(|peer| peer.offers("Target"))).await;
        let address = address.to_string().parse().unwrap();
        Self { address, client: peer.client().unwrap(), _clusters: [cluster, joined] }
    }

    /// The peer that keeps to the rules is served.
    pub(crate) async fn serve_on(&self) {
        assert_eq!(self.client.echo("still here".into()).await, Ok("still here".to_owned()));
    }
}

/// Runs a test with the two nodes on one thread. The peer is served afterwards as it was before.
pub(crate) fn with_nodes<F: Future<Output = ()>>(test: impl FnOnce(Arc<Nodes>) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let test = async {
            let nodes = Arc::new(Nodes::start().await);
            nodes.serve_on().await;
            test(Arc::clone(&nodes)).await;
            nodes.serve_on().await;
        };
        tokio::time::timeout(LIMIT, test).await.expect("a test comes to its end");
    });
}

/// Waits until something holds that happens elsewhere on this thread.
pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
