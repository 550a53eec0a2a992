//! What happens on the way, on the standard error.

mod traced;

use std::io::IsTerminal;
use std::panic;
use std::sync::{Arc, Once};

use tracing::Subscriber;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use super::arguments::Logs;
use crate::config::LogFormat;
use crate::telemetry::spans::{Exporter, SpanLayer};
use traced::{JsonWithTrace, TextWithTrace};

impl Logs {
    /// Starts logging, and has spans of recorded traces sent. `RUST_LOG` decides in detail what is logged, where it is set
    /// and neither -v nor -q is given.
    pub(super) fn start(&self, format: LogFormat, exporter: Option<Arc<Exporter>>) {
        let spans = exporter.map(|exporter| SpanLayer::new(exporter).with_filter(filter_fn(SpanLayer::wants)));
        let logs = tracing_subscriber::registry().with(spans).with(lines(format).with_filter(self.filter()));
        // A test or a program that calls `main` twice has one already: it stays.
        let _ = logs.try_init();
        log_panics();
    }

    fn filter(&self) -> EnvFilter {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "error",
            (_, 0) => match EnvFilter::try_from_default_env() {
                Ok(filter) => return filter,
                // What the HTTP server says of itself is in the summary already, and what it says of requests that are
                // not HTTP is any port scan's to write.
                Err(_) => "info,actix_server=warn,actix_http=off",
            },
            (_, 1) => "info,actix_http=off,playhouse=debug,playhouse_actors=debug,playhouse_cluster=debug",
            (_, _) => "trace",
        };
        EnvFilter::new(level)
    }
}

/// Writes lines in a format.
fn lines<S: Subscriber + for<'lookup> LookupSpan<'lookup>>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync> {
    let lines = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            let text = fmt::format().with_target(false).with_ansi(colours());
            lines.with_ansi(colours()).event_format(TextWithTrace(text)).boxed()
        }
        LogFormat::Json => {
            let json = fmt::format().with_target(false).json();
            let json = json.flatten_event(true).with_current_span(false).with_span_list(false);
            lines.fmt_fields(JsonFields::new()).event_format(JsonWithTrace(json)).boxed()
        }
    }
}

/// As the other output has it: not into files, not where `NO_COLOR` is set.
fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// A panic in a method is an event to be expected: its caller gets an error, the worker is replaced. It is logged as one
/// line; with `RUST_BACKTRACE` set the usual report follows.
fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let message = info.payload_as_str().unwrap_or("a panic without a message");
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(location, "panicked: {message}");
            if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
                usual(info);
            }
        }));
    });
}
