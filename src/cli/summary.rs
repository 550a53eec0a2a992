//! What a program that serves says of itself when it is ready.

use std::fmt;

use anstyle::{AnsiColor, Style};

use playhouse_cluster::Cluster;

use super::columns::Columns;
use crate::node::Node;

const URL: Style = AnsiColor::Cyan.on_default().underline();
const DIM: Style = Style::new().dimmed();

/// The services of a node, and where to reach them.
pub(super) struct Summary<'a>(pub(super) &'a Node);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(node) = self;
        let mut columns = Columns::new(["service", "workers", "slots", "max concurrency", "threads", "methods"]);
        let descriptions = node.runtime().descriptions();
        for running in node.runtime().groups() {
            let (group, config) = (running.group(), running.group().config());
            let description = descriptions.iter().find(|description| description.name == group.service());
            let methods = description.into_iter().flat_map(|description| &description.methods);
            let methods: Vec<_> = methods.map(|method| method.name).collect();
            columns.row([
                group.service().to_owned(),
                config.workers.to_string(),
                config.slots.to_string(),
                config.max_concurrency.to_string(),
                if config.dedicated_threads { "own" } else { "shared" }.to_owned(),
                methods.join(", "),
            ]);
        }
        writeln!(f, "{columns}")?;
        for address in node.cluster().into_iter().flat_map(Cluster::addresses) {
            writeln!(f, "{URL}{address}{URL:#}  {DIM}for other nodes{DIM:#}")?;
        }
        if let (Some(url), Some(entry)) = (node.url(), node.entry()) {
            writeln!(f, "{URL}{url}{URL:#}  {DIM}entry {entry}, Ctrl-C to end{DIM:#}")?;
        }
        Ok(())
    }
}
