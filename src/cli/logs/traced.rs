//! Adds to a line of the log the trace that it was written in.

use std::fmt;

use playhouse_actors::{CallContext, TraceContext};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Lines for people, with the trace at their end.
pub(super) struct TextWithTrace<F>(pub(super) F);

/// Lines that are JSON objects, with the trace as their last field.
pub(super) struct JsonWithTrace<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for TextWithTrace<F>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let text = |trace: &TraceContext| format!(" trace_id={}\n", trace.trace_id());
        format(&self.0, context, writer, event, "\n", text)
    }
}

impl<S, N, F> FormatEvent<S, N> for JsonWithTrace<F>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let field = |trace: &TraceContext| format!(",\"trace_id\":\"{}\"}}\n", trace.trace_id());
        format(&self.0, context, writer, event, "}\n", field)
    }
}

/// Writes a line; one that is written in a call of a trace has another end.
fn format<S, N>(
    inner: &impl FormatEvent<S, N>,
    context: &FmtContext<'_, S, N>,
    mut writer: Writer<'_>,
    event: &Event<'_>,
    end: &str,
    with: impl FnOnce(&TraceContext) -> String,
) -> fmt::Result
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    let Some(trace) = CallContext::current().and_then(|current| current.trace) else {
        return inner.format_event(context, writer, event);
    };
    let mut line = String::new();
    inner.format_event(context, Writer::new(&mut line), event)?;
    writer.write_str(line.strip_suffix(end).unwrap_or(&line))?;
    writer.write_str(&with(&trace))
}
