//! Spans of recorded traces, on their way to a collector by OTLP.
//!
//! Calls and requests are spans of `tracing`, made only where a trace is recorded and somebody listens. `layer` listens
//! and makes of each, and of the user's own spans within it, what `exporter` sends; that happens on a thread of its own.

mod client;
mod exporter;
mod fields;
mod layer;
mod queue;

pub(crate) use exporter::{Exporter, OtlpError};
pub(crate) use layer::SpanLayer;
pub(crate) use queue::{Queue, QueueStats};
