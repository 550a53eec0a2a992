//! A node with the services of these tests, and scripts that call them.

use std::num::NonZeroUsize;

use playhouse::{GatewayConfig, Node, TaskConfig};

use crate::python::Script;
use crate::services::{Hasty, Kinds, Narrow, Other};

pub(crate) struct Server {
    node: Node,
}

impl Server {
    /// `Kinds` is the entry.
    pub(crate) async fn start() -> Self {
        Self::with(GatewayConfig::default()).await
    }

    pub(crate) async fn with(gateway: GatewayConfig) -> Self {
        let node = Node::builder().service::<Narrow>().service::<Hasty>().service::<Other>().service::<Kinds>();
        let node = node.threads(NonZeroUsize::new(2).unwrap()).tasks(TaskConfig::default().in_memory());
        Self { node: node.gateway(gateway.port(0)).start().await.unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.node.address().unwrap())
    }

    /// Runs a script that is given the address.
    pub(crate) async fn run(&self, script: Script) {
        let script = script.arg(&self.url());
        if let Err(failed) = tokio::task::spawn_blocking(|| script.run()).await {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
}
