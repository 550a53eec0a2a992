//! What can be seen of a process from outside.
//!
//! The one place that knows the formats: the table says which metrics there are, `metrics` writes them; `spans` sends the
//! spans of recorded traces. What is counted is counted where it happens, without any of this.
#![doc = include_str!("metrics.md")]

pub(crate) mod metrics;
mod sampler;
pub(crate) mod spans;
mod table;

pub(crate) use sampler::Sampler;
pub use table::{METRICS, Metric, MetricKind, Unit};

use std::sync::Arc;

/// What a node is told about its traces.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tracing {
    /// Which requests begin a trace.
    pub(crate) sampler: Sampler,
    /// Where spans wait, if this program sends them.
    pub(crate) queue: Arc<spans::Queue>,
}
