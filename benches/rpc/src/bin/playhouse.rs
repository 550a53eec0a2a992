//! Our side: a service on one node, called by another, with everything on that a program has.

use std::sync::Arc;

use actix_rt::{Arbiter, System};
use bytes::Bytes;
use playhouse_actors::{Arbiters, Builder, DType, Executor, Result, Runtime, Tensor, service};
use playhouse_cluster::{Cluster, ClusterConfig, SameHost, StaticPeers};
use rpc_bench::{Caller, Role, Sample, obey};

/// Gives back what it gets.
pub struct Echo;

#[service(workers = 1, traffic(max_concurrency = 4096))]
impl Echo {
    #[init]
    fn new() -> Self {
        Echo
    }

    #[api]
    async fn echo(&self, sample: Sample) -> Result<Sample> {
        Ok(sample)
    }

    #[api]
    async fn tensor(&self, tensor: Tensor) -> Result<Tensor> {
        Ok(tensor)
    }
}

impl Caller for EchoClient {
    async fn echo(&self, sample: Sample) -> Sample {
        EchoClient::echo(self, sample).await.expect("an answer")
    }

    async fn tensor(&self, tensor: Bytes) -> Option<usize> {
        let tensor = Tensor::new(DType::U8, [tensor.len()], tensor).expect("they fit");
        Some(EchoClient::tensor(self, tensor).await.expect("an answer").bytes().len())
    }
}

/// One shared thread, and one for control.
fn services(shared: &Arbiter) -> Builder {
    Runtime::builder(Executor::Arbiters(Arbiters::new(Arbiter::current(), vec![shared.handle()])))
}

fn serve(address: &str) {
    let config = ClusterConfig { listen: vec![address.parse().expect("an address")], ..ClusterConfig::default() };
    System::new().block_on(async {
        let shared = Arbiter::new();
        let runtime = services(&shared).service::<Echo>().start().await.expect("it starts");
        let cluster = Cluster::join(&runtime, config).await.expect("it joins");
        println!("{}", cluster.addresses()[0]);
        std::future::pending::<()>().await;
    });
}

fn call(address: &str) {
    let peers = StaticPeers::new([address.parse().expect("an address")]);
    let config = ClusterConfig { discovery: Arc::new(peers), same_host: SameHost::Tcp, ..ClusterConfig::default() };
    System::new().block_on(async {
        let shared = Arbiter::new();
        let runtime = services(&shared).elsewhere("Echo").start().await.expect("it starts");
        let cluster = Cluster::join(&runtime, config).await.expect("it joins");
        cluster.until(|peers| peers.iter().any(|peer| peer.offers("Echo"))).await;
        let (sender, ended) = tokio::sync::oneshot::channel::<()>();
        // Callers are tasks of the shared thread, as methods are.
        shared.spawn_fn(move || {
            drop(actix_rt::spawn(async move {
                obey(runtime.client::<EchoClient>().expect("it is known")).await;
                drop(sender);
            }));
        });
        drop(ended.await);
    });
}

fn main() {
    match Role::of_arguments() {
        Role::Serve(address) => serve(address.as_deref().unwrap_or("127.0.0.1:0")),
        Role::Call(address) => call(&address),
    }
}
