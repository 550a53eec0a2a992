//! Listens to spans of `tracing` and hands those that belong to a recorded trace to the exporter.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use playhouse_actors::SPANS;
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::exporter::Exporter;
use super::fields::Fields;

/// Makes spans for a collector: of calls and requests, and of the spans that a user's code makes within them.
pub(crate) struct SpanLayer(Arc<Exporter>);

/// A span that is open.
struct Open {
    began: SystemTime,
    trace: u128,
    span: u64,
    parent: u64,
    fields: Fields,
}

impl SpanLayer {
    pub(crate) fn new(exporter: Arc<Exporter>) -> Self {
        Self(exporter)
    }

    /// Whether the layer has to see a span: ours, and of others what is not meant for debugging.
    pub(crate) fn wants(metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && (metadata.target() == SPANS || *metadata.level() <= Level::INFO)
    }
}

impl Open {
    fn new((trace, span, parent): (u128, u64, u64), mut fields: Fields) -> Self {
        let now = SystemTime::now();
        let began = now.checked_sub(std::mem::take(&mut fields.before)).unwrap_or(now);
        Self { began, trace, span, parent, fields }
    }

    fn close(self, name: &'static str, exporter: &Exporter) -> SpanData {
        let Self { began, trace, span, parent, fields } = self;
        let (trace, span) = (TraceId::from(trace), SpanId::from(span));
        let status = fields.status();
        SpanData {
            span_context: SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: SpanId::from(parent),
            parent_span_is_remote: fields.parent_is_remote,
            span_kind: fields.kind.unwrap_or(SpanKind::Internal),
            name: fields.name.map_or(name.into(), Into::into),
            start_time: began,
            end_time: SystemTime::now(),
            attributes: fields.attributes,
            dropped_attributes_count: fields.dropped,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: exporter.scope().clone(),
        }
    }
}

fn random() -> u64 {
    playhouse_actors::SpanId::random().number()
}

impl<S: Subscriber + for<'lookup> LookupSpan<'lookup>> Layer<S> for SpanLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let is_ours = attributes.metadata().target() == SPANS;
        let outer =
            span.parent().and_then(|outer| outer.extensions().get::<Open>().map(|open| (open.trace, open.span)));
        if outer.is_none() && !is_ours {
            return;
        }
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let ids = if is_ours { fields.ids() } else { outer.map(|(trace, parent)| (trace, random(), parent)) };
        if let Some(ids) = ids {
            let open = Open::new(ids, fields);
            span.extensions_mut().insert(open);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            values.record(&mut open.fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let open = span.extensions_mut().remove::<Open>();
        if let Some(open) = open {
            self.0.send(open.close(span.name(), &self.0));
        }
    }
}
