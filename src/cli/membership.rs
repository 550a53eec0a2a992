//! How a program belongs to a cluster, as its command line says.

use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use clap::builder::FalseyValueParser;
use playhouse_cluster::{Address, CLUSTER, ClusterConfig, SameHost, StaticPeers};

use crate::nearest::nearest;
use crate::node::NodeBuilder;

/// Where these options are in the help.
const HEADING: &str = "Several processes";

/// How a program belongs to a cluster.
#[derive(Debug, Args)]
pub(super) struct Membership {
    /// Address at which other nodes dial this one, as in 127.0.0.1:7001 or unix:@name
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_LISTEN", hide_env = true, value_name = "ADDRESS", value_delimiter = ',')]
    listen: Vec<Address>,

    /// Address of another node; for several give it several times
    #[arg(help_heading = HEADING, long = "peer", env = "PLAYHOUSE_PEERS", hide_env = true, value_name = "ADDRESS", value_delimiter = ',')]
    peers: Vec<Address>,

    /// Services to run here, as in A,B; the others are called where other nodes run them [default: all]
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_SERVICES", hide_env = true, value_name = "SERVICES", value_delimiter = ',')]
    services: Vec<String>,

    /// Name of the cluster: nodes of different ones refuse each other [default: default]
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_CLUSTER", hide_env = true, value_name = "NAME")]
    cluster: Option<String>,

    /// Zone of this node, such as a rack: replicas of its own zone are called first [default: none]
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_ZONE", hide_env = true, value_name = "NAME")]
    zone: Option<String>,

    /// How many calls this node is to have, in proportion to the weights of others [default: 1]
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_WEIGHT", hide_env = true, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    weight: Option<u32>,

    /// How calls go to nodes of the same machine: unix, over unix sockets where that is possible, or tcp [default: unix]
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_SAME_HOST", hide_env = true, value_name = "WAY", value_parser = same_host)]
    same_host: Option<SameHost>,

    /// Allow addresses that other machines can reach, although nothing between nodes is encrypted yet
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_INSECURE", hide_env = true, value_parser = FalseyValueParser::new())]
    insecure: bool,
}

impl Membership {
    /// Lays what was said over a node.
    ///
    /// # Errors
    /// A service that the program does not have.
    pub(super) fn apply(&self, node: NodeBuilder) -> anyhow::Result<NodeBuilder> {
        let known: Vec<&str> = node.descriptions().iter().map(|service| service.name).collect();
        if let Some(name) = self.services.iter().find(|name| !known.contains(&name.as_str())) {
            let meant = nearest(name, &known).map(|name| format!(", did you mean {name}?"));
            bail!(
                "{name} is not a service of this program{}: there is {}",
                meant.unwrap_or_default(),
                known.join(", ")
            );
        }
        let node = match self.services.is_empty() {
            true => node,
            false => node.only(|service| self.services.iter().any(|name| name == service.name)),
        };
        if self.listen.is_empty() && self.peers.is_empty() {
            return Ok(node);
        }
        Ok(node.cluster(ClusterConfig {
            cluster: self.cluster.clone().unwrap_or_else(|| CLUSTER.into()),
            listen: self.listen.clone(),
            discovery: Arc::new(StaticPeers::new(self.peers.iter().cloned())),
            insecure: self.insecure,
            zone: self.zone.clone(),
            same_host: self.same_host.unwrap_or_default(),
            weight: self.weight.unwrap_or(1),
            ..ClusterConfig::default()
        }))
    }
}

fn same_host(text: &str) -> Result<SameHost, String> {
    match text {
        "unix" => Ok(SameHost::Unix),
        "tcp" => Ok(SameHost::Tcp),
        other => Err(format!("`{other}` is no way: expected unix or tcp")),
    }
}
