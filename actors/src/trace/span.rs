//! The span of a call that belongs to a recorded trace: seen by whoever listens to `tracing`, and free otherwise.

use std::time::Duration;

use tracing::{Level, Span, field};

use super::TraceContext;
use crate::error::CallResult;
use crate::outcome::CallOutcome;

/// The target of all spans that belong to recorded traces. They bring their identifiers in the fields `trace_id`,
/// `span_id` and `parent_id`, in hexadecimal, and the time before they began, in nanoseconds, as `before_ns`.
pub const SPANS: &str = "playhouse::spans";

/// The span of a call, if the call belongs to a recorded trace and somebody listens. It ends when it is dropped.
#[derive(Default)]
pub(crate) struct CallSpan(Option<Box<Span>>);

/// Which end of a call a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpanKind {
    /// The group's that has it.
    Served {
        /// How long it has waited there.
        waited: Duration,
    },
    /// The caller's, whose call goes to another process.
    Sent,
}

impl CallSpan {
    /// Begins the span of a call. Calls that are made in it are a part of that span: `trace` is changed to say so.
    /// `names` are those of the service, the method and the replica.
    pub(crate) fn begin<'a>(
        trace: &mut Option<TraceContext>,
        kind: SpanKind,
        names: impl FnOnce() -> (&'a str, &'a str, String),
    ) -> Self {
        let Some(parent) = trace.as_ref().filter(|trace| trace.is_sampled()) else { return Self(None) };
        if !tracing::span_enabled!(target: SPANS, Level::DEBUG) {
            return Self(None);
        }
        let (own, (service, method, replica)) = (parent.child(), names());
        let (kind, before) = match kind {
            SpanKind::Served { waited } => ("internal", waited),
            SpanKind::Sent => ("client", Duration::ZERO),
        };
        let before_ns = u64::try_from(before.as_nanos()).unwrap_or(u64::MAX);
        let span = tracing::span!(
            target: SPANS,
            parent: None,
            Level::DEBUG,
            "call",
            otel.name = format!("{service}.{method}"),
            otel.kind = kind,
            rpc.service = service,
            rpc.method = method,
            playhouse.replica = replica,
            playhouse.outcome = field::Empty,
            playhouse.queue_us = before_ns / 1_000,
            trace_id = %own.trace_id(),
            span_id = %own.span_id(),
            parent_id = %parent.span_id(),
            before_ns,
        );
        *trace = Some(own);
        Self(Some(Box::new(span)))
    }

    /// Does a part of the call.
    pub(crate) fn in_scope<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(span) => span.in_scope(work),
            None => work(),
        }
    }

    /// The same span once more: it ends with the last.
    pub(crate) fn share(&self) -> Self {
        Self(self.0.clone())
    }

    /// Notes how the call ended.
    pub(crate) fn ended(&self, outcome: CallOutcome) {
        if let Some(span) = &self.0 {
            span.record("playhouse.outcome", outcome.name());
        }
    }

    /// Notes how a stream ended, if this item of it is its end.
    pub(crate) fn note_error<T>(&self, item: &CallResult<T>) {
        if item.is_err() {
            self.ended(CallOutcome::of(item));
        }
    }
}
