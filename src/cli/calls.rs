//! The words of the command line for services at URLs.

use std::env;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use playhouse_actors::TokenSource;

use crate::config::parse_size;
use crate::node::NodeBuilder;

/// URLs in the environment. Not read by clap: one on the command line would hide all of them, and not the one it is for.
const DEPENDS: &str = "PLAYHOUSE_DEPENDS";

/// Where tokens are, in the same way.
const TOKENS: &str = "PLAYHOUSE_DEPENDS_TOKEN";

/// Where these options are in the help.
const HEADING: &str = "Services at URLs";

/// How services at URLs are called.
#[derive(Debug, Args)]
pub(super) struct Calls {
    /// Call a dependency at another URL than the one in the code; several are separated by commas
    #[arg(help_heading = HEADING, long, value_name = "SERVICE.PARAMETER=URL", value_delimiter = ',')]
    depends: Vec<String>,

    /// Where the bearer token for a dependency is: env:NAME or file:PATH; several are separated by commas
    #[arg(help_heading = HEADING, long, value_name = "SERVICE.PARAMETER=WHERE", value_delimiter = ',')]
    depends_token: Vec<String>,

    /// File with authorities to trust, in PEM, where a URL begins with https: beside those that this machine trusts
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_DEPENDS_CA", hide_env = true, value_name = "FILE")]
    pub(super) depends_ca: Option<PathBuf>,

    /// Largest answer of a dependency at a URL [default: 100MiB]
    #[arg(help_heading = HEADING, long, env = "PLAYHOUSE_MAX_ANSWER", hide_env = true, value_name = "SIZE", value_parser = parse_size)]
    pub(super) max_answer: Option<usize>,
}

impl Calls {
    /// Lays the environment, then the command line over what the code and the configuration file say.
    ///
    /// # Errors
    /// What cannot be read.
    pub(super) fn apply(&self, node: NodeBuilder) -> anyhow::Result<NodeBuilder> {
        let mut node = node;
        for Said { service, parameter, what, .. } in said(&self.depends, "--depends", DEPENDS)? {
            node = node.depends(service, parameter, what);
        }
        for Said { service, parameter, what, place } in said(&self.depends_token, "--depends-token", TOKENS)? {
            // Without what was given, which may be the token.
            let token =
                what.parse::<TokenSource>().map_err(|error| anyhow!("{place}: {service}.{parameter}: {error}"))?;
            node = node.depends_token(service, parameter, token);
        }
        Ok(node)
    }
}

/// What is said of a parameter with `#[depends(url = "..")]`, and where.
struct Said {
    service: String,
    parameter: String,
    what: String,
    place: &'static str,
}

/// What the environment says of parameters, between commas, and then what the command line says.
fn said(given: &[String], flag: &'static str, variable: &'static str) -> anyhow::Result<Vec<Said>> {
    let text = env::var(variable).unwrap_or_default();
    let in_environment = text.split(',').map(|part| (variable, part));
    let all = in_environment.chain(given.iter().map(|part| (flag, part.as_str())));
    all.filter(|(_, part)| !part.trim().is_empty()).map(|(place, part)| Said::read(place, part)).collect()
}

impl Said {
    fn read(place: &'static str, text: &str) -> anyhow::Result<Self> {
        let parts = text.trim().split_once('=').and_then(|(name, what)| Some((name.split_once('.')?, what)));
        let ((service, parameter), what) = parts.ok_or_else(|| {
            anyhow!(
                "{place} has a part without a parameter: expected SERVICE.PARAMETER=.., as in Classifier.cleaning=.."
            )
        })?;
        Ok(Self { service: service.into(), parameter: parameter.into(), what: what.into(), place })
    }
}
