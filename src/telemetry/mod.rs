//! What can be seen of a process from outside.
//!
//! The one place that knows the formats: the table says which metrics there are, `metrics` writes them. What is counted is
//! counted where it happens, without any of this.
#![doc = include_str!("metrics.md")]

pub(crate) mod metrics;
mod table;

pub use table::{METRICS, Metric, MetricKind, Unit};
