//! The command lines: that of a program of services, and that of `playhouse` itself.
//!
//! What was asked for goes to the standard output, what happens on the way to the standard error.

mod arguments;
mod calls;
mod columns;
mod describe;
mod finish;
mod http;
mod logs;
mod membership;
mod models;
mod new;
mod output;
mod peer;
mod serve;
mod signals;
mod summary;
mod traces;

use std::process::ExitCode;

use clap::Parser;

use crate::app::Prepare;
use crate::node::NodeBuilder;
use arguments::{Arguments, Verb};

/// The command line of `playhouse` itself. Not for use in other programs.
#[must_use]
pub fn main() -> ExitCode {
    let Playhouse { verb } = Playhouse::parse();
    match verb {
        PlayhouseVerb::New(new) => finish::finish(new.run().map(|()| ExitCode::SUCCESS)),
        PlayhouseVerb::Models(models) => finish::finish(models.run(None)),
        PlayhouseVerb::Ping(ping) => finish::finish(ping.run()),
        PlayhouseVerb::Describe(describe) => finish::finish(describe.run()),
        PlayhouseVerb::Call(call) => finish::finish(call.run()),
    }
}

/// The command line of a program of services.
pub(crate) fn run(node: NodeBuilder, prepare: Vec<Prepare>) -> ExitCode {
    let Arguments { verb, serve, logs } = Arguments::parse();
    match verb {
        None => finish::finish(serve.run(node, prepare, &logs)),
        Some(Verb::Serve(serve)) => finish::finish(serve.run(node, prepare, &logs)),
        Some(Verb::Describe(describe)) => finish::finish(describe.run(&node)),
        Some(Verb::Models(models)) => finish::finish(models.run(node.provision())),
    }
}

/// Services in Rust as supervised groups of actors
#[derive(Debug, Parser)]
#[command(name = "playhouse", version, arg_required_else_help = true)]
struct Playhouse {
    #[command(subcommand)]
    verb: PlayhouseVerb,
}

#[derive(Debug, clap::Subcommand)]
enum PlayhouseVerb {
    /// Start a project: a folder with a small service that builds, runs and has a test
    New(new::New),
    /// Add models to the store in $PLAYHOUSE_HOME, list, check and remove them
    Models(models::Models),
    /// See whether a node answers
    Ping(peer::Ping),
    /// Show what can be called at a node
    Describe(peer::Describe),
    /// Call a method at a node, with JSON
    Call(peer::Call),
}
