//! Two nodes on real threads: calls from several of them, answers from workers that have threads of their own.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::time::Duration;

use actix_rt::{Arbiter, System};
use futures_util::future::join_all;
use playhouse_actors::{Arbiters, Builder, ErrorKind, Executor, Result, Runtime, service};
use playhouse_cluster::{Cluster, ClusterConfig, SameHost, StaticPeers};
use tokio::sync::mpsc;

/// Two threads that are shared, and as many that compute.
const THREADS: usize = 2;
const CALLS: u64 = 100;
/// Nothing here takes so long unless it fails.
const LIMIT: Duration = Duration::from_secs(50);

/// Computes, each worker on a thread of its own.
pub struct Square;

#[service(workers = 2)]
impl Square {
    #[init]
    fn new() -> Self {
        Square
    }

    #[api]
    fn square(&self, number: u64) -> Result<u64> {
        Ok(number * number)
    }
}

static HELD: LazyLock<Gate> = LazyLock::new(Gate::default);

/// What a thread waits at.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn set(&self, open: bool) {
        *self.0.lock().unwrap() = open;
        self.1.notify_all();
    }

    /// Blocks the calling thread.
    fn pass(&self) {
        drop(self.1.wait_timeout_while(self.0.lock().unwrap(), LIMIT, |open| !*open).unwrap());
    }
}

/// Awaits, as it should, or does not.
pub struct Sleeper;

#[service(workers = 1, traffic(timeout = "60s"))]
impl Sleeper {
    #[init]
    fn new() -> Self {
        Sleeper
    }

    #[api]
    async fn echo(&self, number: u64) -> Result<u64> {
        Ok(number)
    }

    /// Holds its thread up.
    #[api]
    async fn hold(&self) -> Result<()> {
        HELD.pass();
        Ok(())
    }
}

/// Calls another service, wherever that is.
pub struct Sum {
    square: SquareClient,
}

#[service]
impl Sum {
    #[init]
    fn new(square: SquareClient) -> Self {
        Sum { square }
    }

    #[api]
    async fn of_squares(&self, to: u64) -> Result<u64> {
        let squares = join_all((0..to).map(|number| self.square.square(number))).await;
        let mut sum = 0;
        for square in squares {
            sum += square?;
        }
        Ok(sum)
    }
}

fn services(threads: &[Arbiter]) -> Builder {
    let threads = threads.iter().map(Arbiter::handle).collect();
    Runtime::builder(Executor::Arbiters(Arbiters::new(Arbiter::current(), threads)))
}

fn threads() -> Vec<Arbiter> {
    (0..THREADS).map(|_| Arbiter::new()).collect()
}

#[test]
fn calls_cross_threads_and_nodes() {
    for listen in ["127.0.0.1:0".to_owned(), format!("unix:@playhouse-threads-{}", std::process::id())] {
        System::new().block_on(async {
            let (near, far) = (threads(), threads());
            let there = services(&far).service::<Square>().start().await.unwrap();
            let config = ClusterConfig { listen: vec![listen.parse().unwrap()], ..ClusterConfig::default() };
            let far_node = Cluster::join(&there, config).await.unwrap();
            let here = services(&near).elsewhere("Square").service::<Sum>().start().await.unwrap();
            let discovery = Arc::new(StaticPeers::new(far_node.addresses().iter().cloned()));
            let near_node =
                Cluster::join(&here, ClusterConfig { discovery, ..ClusterConfig::default() }).await.unwrap();
            near_node.until(|peers| peers.iter().any(|peer| peer.offers("Square"))).await;

            let (sender, mut sums) = mpsc::channel(THREADS * 4);
            for thread in near.iter().cycle().take(THREADS * 4) {
                let (client, sender) = (here.client::<SumClient>().unwrap(), sender.clone());
                thread.spawn(async move { sender.send(client.of_squares(CALLS).await).await.unwrap() });
            }
            drop(sender);
            let mut answered = 0;
            while let Some(sum) = sums.recv().await {
                assert_eq!(sum, Ok((0..CALLS).map(|number| number * number).sum()));
                answered += 1;
            }
            assert_eq!(answered, THREADS * 4);

            assert!(near_node.leave(Duration::from_secs(5)).await);
            far_node.until(|peers| peers.is_empty()).await;
            here.drain(Duration::from_secs(5)).await;
            there.drain(Duration::from_secs(5)).await;
        });
    }
}

/// The connections of a thread that is held up end, on both sides, and are made again on the one that takes its place.
#[test]
fn connections_leave_a_thread_that_does_not_answer() {
    for same_host in [SameHost::Tcp, SameHost::Unix] {
        System::new().block_on(async {
            let (near, far) = (Arbiter::new(), Arbiter::new());
            let there = services(&[far]).service::<Sleeper>().start().await.unwrap();
            let config = ClusterConfig { listen: vec!["127.0.0.1:0".parse().unwrap()], ..ClusterConfig::default() };
            let far_node = Cluster::join(&there, config).await.unwrap();
            let here = services(&[near]).elsewhere("Sleeper").start().await.unwrap();
            let discovery = Arc::new(StaticPeers::new(far_node.addresses().iter().cloned()));
            let config = ClusterConfig { discovery, same_host, ..ClusterConfig::default() };
            let near_node = Cluster::join(&here, config).await.unwrap();
            near_node.until(|peers| peers.iter().any(|peer| peer.offers("Sleeper"))).await;
            let client: SleeperClient = here.client().unwrap();
            HELD.set(false);
            assert_eq!(client.echo(1).await, Ok(1));

            let error = client.hold().await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::MayHaveRun { .. }), "{error:?}");
            near_node.until(|peers| peers.iter().any(|peer| peer.offers("Sleeper"))).await;
            let again = async {
                while client.echo(2).await.is_err() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(LIMIT, again).await.expect("another thread answers");
            HELD.set(true);
            assert!(near_node.leave(Duration::from_secs(5)).await);
            here.drain(Duration::from_secs(5)).await;
            there.drain(Duration::from_secs(5)).await;
        });
    }
}
