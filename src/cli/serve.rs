//! `serve`: runs the services, answers HTTP, and ends in good order.

use std::process::ExitCode;
use std::time::Duration;

use playhouse_actors::{Drained, Error};

use super::arguments::{Logs, Serve};
use super::output;
use super::signals::Signals;
use super::summary::Summary;
use super::traces::Traces;
use crate::app::Prepare;
use crate::config::{self, Bound, File, LogFormat};
use crate::model::ModelCheck;
use crate::node::{DRAIN_LIMIT, NodeBuilder};

/// The end by a signal that could not wait, as shells count it.
const INTERRUPTED: u8 = 130;

impl Serve {
    /// Serves until a signal comes and everything is drained.
    ///
    /// # Errors
    /// What is wrong with the settings, or why the node did not start.
    pub(super) fn run(&self, node: NodeBuilder, prepare: Vec<Prepare>, logs: &Logs) -> anyhow::Result<ExitCode> {
        let file = self.config.as_deref().map(|path| config::read(path, &node.descriptions())).transpose()?;
        let file = file.unwrap_or_default();
        let traces = Traces::of(self, &file.traces)?;
        logs.start(logs.log.or(file.log).unwrap_or(LogFormat::Text), traces.exporter());
        for step in prepare {
            step().map_err(Error::from)?;
        }
        let drain_limit = self.drain_limit.or(file.drain_limit).unwrap_or(DRAIN_LIMIT);
        let node = self.membership.apply(node)?;
        let node = self.apply(node, file)?.drain_limit(drain_limit).tracing(traces.tracing());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(serve(node, drain_limit, traces))
    }

    /// Lays the configuration file, then the command line, over what is in the code.
    ///
    /// # Errors
    /// What is wrong with the settings.
    fn apply(&self, node: NodeBuilder, file: File) -> anyhow::Result<NodeBuilder> {
        let node = match self.verify_models || file.verify_models == Some(true) {
            true => node.provide(ModelCheck::Hashes),
            false => node,
        };
        let (node, code) = node.take_gateway();
        let node = node.gateway(self.http.apply(code, file.http)?);
        let node = node.tasks(file.tasks.config(self.task_store.as_deref()));
        let node = match self.threads.or(file.threads) {
            Some(threads) => node.threads(threads),
            None => node,
        };
        let node = match self.calls.max_answer.or(file.max_answer) {
            Some(max_answer) => node.max_answer(max_answer),
            None => node,
        };
        let node = file.services.into_iter().fold(node, |node, (service, section)| {
            let node = node.settings(service.as_str(), section.settings);
            let node = match section.config {
                Some(config) => node.configure(service.as_str(), config),
                None => node,
            };
            section.depends.into_iter().fold(node, |node, (parameter, bound)| bind(node, &service, &parameter, bound))
        });
        let node = match self.calls.depends_ca.clone().or(file.depends_ca) {
            Some(authorities) => node.depends_ca(authorities),
            None => node,
        };
        self.calls.apply(node)
    }
}

/// Lays what a file says of a parameter over the code.
fn bind(node: NodeBuilder, service: &str, parameter: &str, Bound { url, token }: Bound) -> NodeBuilder {
    let node = match url {
        Some(url) => node.depends(service, parameter, url),
        None => node,
    };
    match token {
        Some(token) => node.depends_token(service, parameter, token),
        None => node,
    }
}

async fn serve(node: NodeBuilder, drain_limit: Duration, traces: Traces) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let node = tokio::select! {
        node = node.start() => node?,
        signal = signals.next() => {
            tracing::warn!("{signal}: given up while starting");
            return Ok(ExitCode::from(INTERRUPTED));
        }
    };
    output::print(Summary(&node))?;
    let signal = signals.next().await;
    tracing::info!("{signal}: finishing what was accepted, for {drain_limit:?} at most; once more ends at once");
    tokio::select! {
        drained = node.drain(drain_limit) => {
            report(&drained);
            traces.finish().await;
            Ok(if drained.given_up.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        signal = signals.next() => {
            tracing::warn!("{signal}: ended at once, calls that were still running are lost");
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}

fn report(drained: &Drained) {
    for (replica, messages) in &drained.given_up {
        tracing::warn!(%replica, messages, "given up: they had not finished within the limit");
    }
    tracing::info!("ended");
}
