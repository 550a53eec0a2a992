//! The command lines: that of a program of services, and that of `playhouse` itself.
//!
//! What was asked for goes to the standard output, what happens on the way to the standard error.

mod arguments;
mod columns;
mod describe;
mod finish;
mod logs;
mod new;
mod output;
mod serve;
mod signals;
mod summary;

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
    }
}

/// The command line of a program of services.
pub(crate) fn run(node: NodeBuilder, prepare: Vec<Prepare>) -> ExitCode {
    let Arguments { verb, serve, logs } = Arguments::parse();
    match verb {
        None => finish::finish(serve.run(node, prepare, &logs)),
        Some(Verb::Serve(serve)) => finish::finish(serve.run(node, prepare, &logs)),
        Some(Verb::Describe(describe)) => finish::finish(describe.run(&node)),
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
}
