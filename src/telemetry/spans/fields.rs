//! The fields of a span of `tracing`, sorted into what makes a span for a collector.

use std::fmt;
use std::time::Duration;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use tracing::field::{Field, Visit};

/// How many attributes a span has at most, and how long their texts are: users' spans may carry anything.
const ATTRIBUTES_MAX: usize = 64;
const TEXT_MAX: usize = 1_024;

/// What is known of a span so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) attributes: Vec<KeyValue>,
    pub(super) dropped: u32,
    /// Where the span was made with a name of its own.
    pub(super) name: Option<String>,
    pub(super) kind: Option<SpanKind>,
    pub(super) error: Option<String>,
    trace: Option<u128>,
    span: Option<u64>,
    parent: Option<u64>,
    /// How long it had gone on when it was made.
    pub(super) before: Duration,
    pub(super) parent_is_remote: bool,
}

impl Fields {
    /// The trace, the span and its parent, which is 0 if it has none; `None` if the fields do not name them.
    pub(super) fn ids(&self) -> Option<(u128, u64, u64)> {
        Some((self.trace?, self.span?, self.parent.unwrap_or_default()))
    }

    pub(super) fn status(&self) -> Status {
        self.error.clone().map_or(Status::Unset, Status::error)
    }

    /// The outcome of a call is an error unless it is `ok`.
    fn text(&mut self, field: &Field, text: &str) {
        match field.name() {
            "otel.name" => self.name = Some(text.to_owned()),
            "otel.kind" => self.kind = kind(text),
            "error" => self.error = Some(shortened(text)),
            "trace_id" => self.trace = u128::from_str_radix(text, 16).ok(),
            "span_id" => self.span = u64::from_str_radix(text, 16).ok(),
            "parent_id" => self.parent = u64::from_str_radix(text, 16).ok(),
            "playhouse.outcome" => {
                self.error = (text != "ok").then(|| text.to_owned());
                self.attribute(field, text.to_owned());
            }
            _ => self.attribute(field, shortened(text)),
        }
    }

    fn attribute(&mut self, field: &Field, value: impl Into<Value>) {
        if self.attributes.len() < ATTRIBUTES_MAX {
            self.attributes.push(KeyValue::new(field.name(), value));
        } else {
            self.dropped += 1;
        }
    }
}

fn kind(text: &str) -> Option<SpanKind> {
    match text {
        "server" => Some(SpanKind::Server),
        "client" => Some(SpanKind::Client),
        _ => None,
    }
}

fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_MAX)].to_owned()
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "before_ns" => self.before = Duration::from_nanos(value),
            _ => self.attribute(field, i64::try_from(value).unwrap_or(i64::MAX)),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attribute(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.attribute(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "parent_is_remote" => self.parent_is_remote = value,
            _ => self.attribute(field, value),
        }
    }
}
