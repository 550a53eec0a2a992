//! A program of services, from outside: its command line, its settings, its signals.
//!
//! The program under test is this one: started with `STAGE` in its environment it is a program of the services of the
//! stage, otherwise it runs the tests.

#![allow(clippy::unwrap_used)]

mod collector;
mod command_line;
#[path = "../stage/jobs.rs"]
mod jobs;
mod nodes;
mod program;
mod settings;
mod signals;
#[path = "../stage/mod.rs"]
mod stage;
mod starting;
mod tasks;
mod traces;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use playhouse::App;

fn main() -> ExitCode {
    if std::env::var_os(program::STAGE).is_some_and(|stage| stage == program::TASKS) {
        return App::new().service::<jobs::Mill>().service::<jobs::Jobs>().main();
    }
    if std::env::var_os(program::STAGE).is_some() {
        let services = App::new().service::<stage::Narrow>().service::<stage::Hasty>().service::<stage::Fragile>();
        return services.service::<stage::Front>().service::<stage::Stage>().main();
    }
    let modules = [
        command_line::TESTS,
        nodes::TESTS,
        settings::TESTS,
        signals::TESTS,
        starting::TESTS,
        tasks::TESTS,
        traces::TESTS,
    ];
    let trials = modules.concat().into_iter().map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// A test and its name.
type Test = (&'static str, fn());
