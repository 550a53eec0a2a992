//! How the log is written.

use clap::ValueEnum;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line an event, for people
    Text,
    /// One JSON object an event, for programs
    Json,
}

impl LogFormat {
    pub(super) const NAMES: [(&'static str, Self); 2] = [("text", Self::Text), ("json", Self::Json)];
}
