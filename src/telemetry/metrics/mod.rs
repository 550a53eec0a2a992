//! The page of metrics: the figures of a moment, in the text formats of Prometheus and OpenMetrics.

mod http;
mod outbound;
mod page;
mod process;
mod services;
mod spans;
mod tasks;

use std::fmt;

use playhouse_actors::{RouteStats, ServiceStats};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text, text};
use prometheus_client::registry::Registry;

pub(crate) use http::{HttpStats, RouteHttpStats};
pub(crate) use outbound::{OutboundMethodStats, OutboundStats};
use page::Page;
pub(crate) use process::started;

use super::spans::QueueStats;
use super::table;
use crate::tasks::TaskCounts;

/// The figures of a process at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) services: Vec<ServiceStats>,
    /// By service.
    pub(crate) routing: Vec<(Box<str>, RouteStats)>,
    pub(crate) tasks: Vec<TaskCounts>,
    pub(crate) http: HttpStats,
    pub(crate) outbound: OutboundStats,
    pub(crate) spans: QueueStats,
}

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// What every collector reads.
    Prometheus,
    /// What newer ones ask for.
    OpenMetrics,
}

impl Format {
    /// The one that a reader asks for by its `Accept`.
    pub(crate) fn accepted(accept: &str) -> Self {
        let is_open = |range: &str| range.trim_start().starts_with("application/openmetrics-text");
        if accept.split(',').any(is_open) { Self::OpenMetrics } else { Self::Prometheus }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

impl Snapshot {
    /// Writes the page. Asks the operating system for the figures of the process.
    ///
    /// # Errors
    /// None that a string would give.
    pub(crate) fn write(self, format: Format) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut page = String::new();
        match format {
            Format::Prometheus => prometheus_text::encode(&mut page, &registry)?,
            Format::OpenMetrics => text::encode(&mut page, &registry)?,
        }
        Ok(page)
    }
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page::new(encoder);
        services::write(&mut page, &self.services, &self.routing)?;
        tasks::write(&mut page, &self.tasks)?;
        http::write(&mut page, &self.http)?;
        outbound::write(&mut page, &self.outbound)?;
        spans::write(&mut page, &self.spans)?;
        page.family(&table::BUILD)?.info(&[env!("CARGO_PKG_VERSION")])?;
        process::write(&mut page)
    }
}

#[cfg(test)]
mod tests;
