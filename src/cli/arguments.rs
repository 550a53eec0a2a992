//! The words of the command line of a program of services.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::calls::Calls;
use super::http::Http;
use super::membership::Membership;
use super::models::Models;
use crate::config::{parse_duration, parse_ratio};

/// Serves its methods by HTTP, unless another command is given
///
/// Settings have one order: the attribute in the code, then the configuration file, then the environment, then the
/// command line; what comes later wins. In the environment --max-body is PLAYHOUSE_MAX_BODY, and so on.
#[derive(Debug, Parser)]
#[command(version = concat!("on Playhouse ", env!("CARGO_PKG_VERSION")), args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
    #[command(flatten)]
    pub(super) serve: Serve,
    #[command(flatten)]
    pub(super) logs: Logs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Serve the methods by HTTP: what happens without a command
    Serve(Box<Serve>),
    /// Show the services, their methods and what they depend on
    Describe(Describe),
    /// Add models to the store in $PLAYHOUSE_HOME, list, check and remove them
    Models(Models),
}

/// What `serve` can be told.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    pub(super) http: Http,

    #[command(flatten)]
    pub(super) calls: Calls,

    /// File of settings, in YAML
    #[arg(long, env = "PLAYHOUSE_CONFIG", hide_env = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Threads that HTTP and the workers that await share [default: one for each core]
    #[arg(long, env = "PLAYHOUSE_THREADS", hide_env = true, value_name = "N")]
    pub(super) threads: Option<NonZeroUsize>,

    /// How long calls that were accepted may take to finish at the end, as in 10s [default: 30s]
    #[arg(long, env = "PLAYHOUSE_DRAIN_LIMIT", hide_env = true, value_name = "DURATION", value_parser = parse_duration)]
    pub(super) drain_limit: Option<Duration>,

    /// File to keep submitted tasks in [default: $PLAYHOUSE_HOME/tasks/PROGRAM.redb]
    #[arg(long, env = "PLAYHOUSE_TASK_STORE", hide_env = true, value_name = "FILE")]
    pub(super) task_store: Option<PathBuf>,

    /// Send traces to this collector by OTLP over HTTP, such as http://127.0.0.1:4318 [default: nowhere]
    #[arg(long, env = "PLAYHOUSE_OTLP", hide_env = true, value_name = "URL")]
    pub(super) otlp: Option<String>,

    /// Part of the requests that is recorded where a collector is named, from 0 to 1; a request that brings a trace is
    /// recorded if that one is [default: 1]
    #[arg(long, env = "PLAYHOUSE_TRACE_SAMPLE", hide_env = true, value_name = "RATIO", value_parser = parse_ratio)]
    pub(super) trace_sample: Option<f64>,

    /// Compare models with their hashes before they are loaded, not only with their sizes
    #[arg(long, env = "PLAYHOUSE_VERIFY_MODELS", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(super) verify_models: bool,

    #[command(flatten)]
    pub(super) membership: Membership,
}

/// What `describe` can be told.
#[derive(Debug, Args)]
pub(super) struct Describe {
    /// How to print it, text or json
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true, value_name = "FORMAT")]
    pub(super) output: Output,
}

/// How a listing is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// How much is told on the way, and how.
#[derive(Debug, Args)]
pub(super) struct Logs {
    /// Log more: -v what happens to single calls, -vv everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,

    /// Log errors only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,

    /// Format of the log, text or json [default: text]
    #[arg(
        long,
        global = true,
        env = "PLAYHOUSE_LOG",
        hide_env = true,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub(super) log: Option<crate::config::LogFormat>,
}
