//! Our side: a service on one node, called by another.

use std::sync::Arc;

use actix_rt::{Arbiter, System};
use playhouse_actors::{Arbiters, Builder, Executor, Result, Runtime, Tensor, service};
use playhouse_cluster::{Cluster, ClusterConfig, StaticPeers};

use crate::measure::{Figures, measure as measure_calls};
use crate::{IN_FLIGHT, Sample, Server, TENSORS};

/// Gives back what it gets.
pub(crate) struct Echo;

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

/// One shared thread, and one for control.
fn services(shared: &Arbiter) -> Builder {
    Runtime::builder(Executor::Arbiters(Arbiters::new(Arbiter::current(), vec![shared.handle()])))
}

#[expect(clippy::print_stdout, reason = "how the other process learns the address")]
pub(crate) fn serve(address: &str) {
    let config = ClusterConfig { listen: vec![address.parse().expect("an address")], ..ClusterConfig::default() };
    System::new().block_on(async {
        let shared = Arbiter::new();
        let runtime = services(&shared).service::<Echo>().start().await.expect("it starts");
        let cluster = Cluster::join(&runtime, config).await.expect("it joins");
        println!("{}", cluster.addresses()[0]);
        std::future::pending::<()>().await;
    });
}

pub(crate) fn measure(server: &Server) -> Vec<Figures> {
    let peers = StaticPeers::new([server.address.parse().expect("an address")]);
    let config = ClusterConfig { discovery: Arc::new(peers), ..ClusterConfig::default() };
    let process = server.process.id();
    System::new().block_on(async {
        let shared = Arbiter::new();
        let runtime = services(&shared).elsewhere("Echo").start().await.expect("it starts");
        let cluster = Cluster::join(&runtime, config).await.expect("it joins");
        cluster.until(|peers| peers.iter().any(|peer| peer.offers("Echo"))).await;
        let (sender, figures) = tokio::sync::oneshot::channel();
        // Callers are tasks of the shared thread, as methods are.
        shared.spawn_fn(move || {
            drop(actix_rt::spawn(async move {
                let client: EchoClient = runtime.client().expect("it is known");
                sender.send(measure_all(client, process).await).expect("it is waited for");
            }));
        });
        figures.await.expect("measured")
    })
}

async fn measure_all(client: EchoClient, process: u32) -> Vec<Figures> {
    let mut all = Vec::new();
    for in_flight in IN_FLIGHT {
        let (client, sample) = (client.clone(), Sample::new());
        let call = move || {
            let (client, sample) = (client.clone(), sample.clone());
            async move { drop(client.echo(sample).await.expect("an answer")) }
        };
        all.push(measure_calls(in_flight, process, call).await);
    }
    let tensor = Tensor::from_vec([1 << 18], vec![1.0_f32; 1 << 18]).expect("they fit");
    for in_flight in TENSORS {
        let (client, tensor) = (client.clone(), tensor.clone());
        let call = move || {
            let (client, tensor) = (client.clone(), tensor.clone());
            async move { assert_eq!(client.tensor(tensor).await.expect("an answer").bytes().len(), 1 << 20) }
        };
        all.push(measure_calls(in_flight, process, call).await);
    }
    all
}
