//! What happens on the way, on the standard error.

use std::io::IsTerminal;
use std::panic;
use std::sync::Once;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use super::arguments::Logs;
use crate::config::LogFormat;

impl Logs {
    /// Starts logging. `RUST_LOG` decides in detail what is logged, where it is set and neither -v nor -q is given.
    pub(super) fn start(&self, format: LogFormat) {
        let logs = fmt::fmt().with_env_filter(self.filter()).with_target(false).with_writer(std::io::stderr);
        // A test or a program that calls `main` twice has one already: it stays.
        let _ = match format {
            LogFormat::Text => logs.with_ansi(colours()).try_init(),
            LogFormat::Json => {
                logs.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
            }
        };
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
