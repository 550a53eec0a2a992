//! The words of the command line for services at URLs.

use std::env;
use std::str::FromStr;

use anyhow::anyhow;
use clap::Args;

use crate::config::parse_size;
use crate::node::NodeBuilder;

/// URLs in the environment. Not read by clap: one on the command line would hide all of them, and not the one it is for.
const DEPENDS: &str = "PLAYHOUSE_DEPENDS";

/// Where these options are in the help.
const HEADING: &str = "Services at URLs";

/// How services at URLs are called.
#[derive(Debug, Args)]
pub(super) struct Calls {
    /// Call a dependency at another URL than the one in the code; several are separated by commas
    #[arg(help_heading = HEADING, long, value_name = "SERVICE.PARAMETER=URL", value_delimiter = ',')]
    depends: Vec<Bound>,

    /// Largest answer of a dependency at a URL [default: 100MiB]
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_MAX_ANSWER", hide_env = true, value_name = "SIZE", value_parser = parse_size)]
    pub(super) max_answer: Option<usize>,
}

impl Calls {
    /// Lays the environment, then the command line over what the code and the configuration file say.
    ///
    /// # Errors
    /// What cannot be read in the environment.
    pub(super) fn apply(&self, node: NodeBuilder) -> anyhow::Result<NodeBuilder> {
        let in_environment = list(DEPENDS)?;
        let bound = in_environment.iter().chain(&self.depends);
        Ok(bound.fold(node, |node, Bound { service, parameter, value }| {
            node.depends(service.as_str(), parameter.as_str(), value.as_str())
        }))
    }
}

/// A parameter of a service with `#[depends(url = "..")]`, and what is said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    service: String,
    parameter: String,
    value: String,
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.trim().split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
        let ((service, parameter), value) =
            parts.ok_or("expected a service, a parameter and a URL, as in Classifier.cleaning=https://host/path")?;
        Ok(Self { service: service.into(), parameter: parameter.into(), value: value.into() })
    }
}

/// What a variable of the environment says about parameters, between commas.
fn list(variable: &str) -> anyhow::Result<Vec<Bound>> {
    let text = env::var(variable).unwrap_or_default();
    let parts = text.split(',').filter(|part| !part.trim().is_empty());
    parts.map(|part| part.parse().map_err(|reason| anyhow!("{variable}: {part:?}: {reason}"))).collect()
}
