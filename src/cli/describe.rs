//! `describe`: the services, their methods, and what they depend on.

mod schema;
mod text;

use std::process::ExitCode;

use playhouse_actors::ServiceDescription;
use serde::Serialize;

use super::arguments::{Describe, Output};
use super::output;
use crate::node::NodeBuilder;

/// All there is to say.
#[derive(Serialize)]
struct Descriptions<'a> {
    /// The service whose methods are at `/<method>`, unless told otherwise.
    entry: Option<&'a str>,
    services: Vec<&'a ServiceDescription>,
}

impl Describe {
    /// Prints the services without starting anything.
    ///
    /// # Errors
    /// Services that do not fit together.
    pub(super) fn run(&self, node: &NodeBuilder) -> anyhow::Result<ExitCode> {
        let services = node.descriptions();
        let entry = services.last().map(|service| service.name);
        let descriptions = Descriptions { entry, services };
        match self.output {
            Output::Text => output::print(&descriptions)?,
            Output::Json => output::print(serde_json::to_string_pretty(&descriptions)? + "\n")?,
        }
        // Shown first: a missing service is easier to see in the list.
        node.check()?;
        Ok(ExitCode::SUCCESS)
    }
}
