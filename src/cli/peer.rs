//! Verbs that ask a node that is already running.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use clap::builder::FalseyValueParser;
use futures_util::StreamExt;
use playhouse_actors::{Codec, Encoded, Error};
use playhouse_cluster::wire::{Announced, AnnouncedMethod};
use playhouse_cluster::{Address, CLUSTER, Cluster, ClusterConfig, NodeId, PeerState, StaticPeers};
use tokio::time::{Instant, timeout};

use super::columns::Columns;
use super::output;
use crate::config::parse_duration;
use crate::node::Node;

/// How long a node has to answer at all.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a call that was given up may keep this program from its end.
const FAREWELL: Duration = Duration::from_millis(500);

/// Which node is asked.
#[derive(Debug, Args)]
struct Target {
    /// Address at which the node listens for others, as in 127.0.0.1:7001 or unix:@name
    #[arg(long, env = "PLAYHOUSE_PEERS", hide_env = true, value_name = "ADDRESS")]
    peer: Address,

    /// Name of its cluster [default: default]
    #[arg(long, env = "PLAYHOUSE_CLUSTER", hide_env = true, value_name = "NAME")]
    cluster: Option<String>,

    /// Allow an address on another machine, although nothing between nodes is encrypted yet
    #[arg(long, env = "PLAYHOUSE_INSECURE", hide_env = true, value_parser = FalseyValueParser::new())]
    insecure: bool,
}

/// What `ping` can be told.
#[derive(Debug, Args)]
pub(super) struct Ping {
    #[command(flatten)]
    target: Target,
}

/// What `describe` can be told.
#[derive(Debug, Args)]
pub(super) struct Describe {
    #[command(flatten)]
    target: Target,
}

/// What `call` can be told.
#[derive(Debug, Args)]
pub(super) struct Call {
    /// What to call, as in IrisClassifier.classify
    #[arg(value_name = "SERVICE.METHOD")]
    method: String,

    /// Arguments, as a JSON object
    #[arg(default_value = "{}", value_name = "JSON")]
    arguments: String,

    /// How long to wait for the answer, as in 10s [default: the service's own timeout]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    timeout: Option<Duration>,

    #[command(flatten)]
    target: Target,
}

/// A node that is asked, and the one without services that asks.
struct Reached {
    asking: Node,
    node: NodeId,
    replicas: Vec<Announced>,
    after: Duration,
}

impl Ping {
    /// # Errors
    /// Why the node cannot be reached.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        self.target.ask(async |reached| {
            let Reached { asking, node, replicas, after } = reached;
            let cluster = asking.cluster().context("it was asked to be a member")?;
            let taken = cluster.ping(node).await.with_context(|| format!("{node} was lost"))?;
            let replicas = match replicas.len() {
                1 => "1 replica".to_owned(),
                number => format!("{number} replicas"),
            };
            output::print(format_args!(
                "{node} answers within {taken:.1?}; connected after {after:.1?}; {replicas}\n"
            ))?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

impl Describe {
    /// # Errors
    /// Why the node cannot be reached.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        self.target.ask(async |reached| {
            let mut columns = Columns::new(["service", "replica", "methods"]);
            for Announced { service, replica, methods, .. } in &reached.replicas {
                let methods: Vec<_> = methods.iter().map(method_text).collect();
                columns.row([service.clone(), replica.clone(), methods.join(", ")]);
            }
            output::print(columns)?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

impl Call {
    /// # Errors
    /// Why the node cannot be reached, or why the call failed.
    pub(super) fn run(&self) -> anyhow::Result<ExitCode> {
        let Some((service, method)) = self.method.split_once('.') else {
            bail!("{} is no method: expected SERVICE.METHOD, as in IrisClassifier.classify", self.method);
        };
        self.target.ask(async |reached| {
            let offered = reached.replicas.iter().find(|replica| replica.service == service);
            let Some(offered) = offered else { bail!("{}", reached.unknown(service)) };
            let client = reached.asking.any_client(service)?;
            let client = self.timeout.map_or_else(|| client.clone(), |timeout| client.with_timeout(timeout));
            let arguments = Encoded::new(Codec::Json, self.arguments.clone());
            if offered.methods.iter().any(|known| known.name == method && known.stream) {
                let mut items = client.stream(method, arguments, Codec::Json).await?;
                while let Some(item) = items.next().await {
                    print_json(&item?)?;
                }
            } else {
                print_json(&client.call(method, arguments, Codec::Json).await?)?;
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

impl Target {
    /// Reaches the node, does something with it, and takes its leave, so that the node need not think it lost somebody.
    fn ask(&self, then: impl AsyncFnOnce(&Reached) -> anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let reached = self.reach().await?;
            let done = then(&reached).await;
            reached.asking.drain(FAREWELL).await;
            done
        })
    }

    async fn reach(&self) -> anyhow::Result<Reached> {
        let began = Instant::now();
        let config = ClusterConfig {
            cluster: self.cluster.clone().unwrap_or_else(|| CLUSTER.into()),
            discovery: Arc::new(StaticPeers::new([self.peer.clone()])),
            insecure: self.insecure,
            data_connections: Some(1),
            ..ClusterConfig::default()
        };
        let asking = Node::builder().cluster(config).start().await?;
        let cluster = asking.cluster().context("it was asked to be a member")?;
        let (node, replicas) = found(cluster).await.with_context(|| format!("cannot reach {}", self.peer))?;
        Ok(Reached { asking, node, replicas, after: began.elapsed() })
    }
}

impl Reached {
    fn unknown(&self, service: &str) -> Error {
        let mut known: Vec<_> = self.replicas.iter().map(|replica| replica.service.as_str()).collect();
        known.dedup();
        Error::unavailable(format!("{} does not run {service}, only {}", self.node, known.join(", ")))
    }
}

/// Waits until the node has said what it offers, which may well be nothing, or cannot be reached.
async fn found(cluster: &Cluster) -> anyhow::Result<(NodeId, Vec<Announced>)> {
    let is_settled = |state: &PeerState| {
        matches!(state, PeerState::Connected { connections: 1.., .. } | PeerState::Unreachable { .. })
    };
    let settled = cluster.until(|peers| peers.iter().any(|peer| is_settled(&peer.state)));
    drop(timeout(PATIENCE, settled).await);
    if let Some(PeerState::Connected { node, .. }) = cluster.peers().into_iter().next().map(|peer| peer.state) {
        // What it offers comes before the answer.
        cluster.ping(&node).await.with_context(|| format!("{node} was lost"))?;
    }
    match cluster.peers().into_iter().next().map(|peer| peer.state) {
        Some(PeerState::Connected { node, replicas, .. }) => Ok((node, replicas)),
        Some(PeerState::Unreachable { reason, .. }) => bail!("{reason}"),
        _ => bail!("it did not answer within {PATIENCE:?}"),
    }
}

fn method_text(method: &AnnouncedMethod) -> String {
    match method.stream {
        true => format!("{} (stream)", method.name),
        false => method.name.clone(),
    }
}

fn print_json(body: &Encoded) -> anyhow::Result<()> {
    output::print(format_args!("{}\n", String::from_utf8_lossy(&body.head)))?;
    Ok(())
}
