//! A program of services, from outside: its command line, its settings, its signals.
//!
//! The program under test is this one: started with `STAGE` in its environment it is a program of the services of the
//! stage, otherwise it runs the tests.

#![allow(clippy::unwrap_used)]

#[path = "../stage/authority.rs"]
mod authority;
mod cleaning;
mod collector;
mod command_line;
mod depends;
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
    if let Ok(stage) = std::env::var(program::STAGE) {
        return program_of(&stage).main();
    }
    let modules = [
        command_line::TESTS,
        depends::TESTS,
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

/// The program that a test wants to look at.
fn program_of(stage: &str) -> App {
    match stage {
        program::TASKS => App::new().service::<jobs::Mill>().service::<jobs::Jobs>(),
        program::CLEANING => App::new().service::<cleaning::Preprocessing>(),
        program::CLASSIFIER => App::new().service::<cleaning::Lobby>().service::<cleaning::Classifier>(),
        _ => {
            let services = App::new().service::<stage::Narrow>().service::<stage::Hasty>().service::<stage::Fragile>();
            services.service::<stage::Front>().service::<stage::Stage>()
        }
    }
}

/// A test and its name.
type Test = (&'static str, fn());
