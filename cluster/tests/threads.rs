//! Two nodes on real threads: calls from several of them, answers from workers that have threads of their own.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use actix_rt::{Arbiter, System};
use futures_util::future::join_all;
use playhouse_actors::{Arbiters, Builder, Executor, Result, Runtime, service};
use playhouse_cluster::{Cluster, ClusterConfig, StaticPeers};
use tokio::sync::mpsc;

/// Two threads that are shared, and as many that compute.
const THREADS: usize = 2;
const CALLS: u64 = 100;

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
