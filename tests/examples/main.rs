//! The examples as their users run them, and the commands of the README.
//!
//! The programs under test are this one: started with `EXAMPLE` in its environment it is that example, otherwise it runs
//! the tests. So none of them is older than what it is made from.

#![allow(clippy::unwrap_used)]

mod iris;
#[path = "../program/program.rs"]
#[allow(dead_code)] // the part that runs any command
mod program;
mod programs;
#[path = "../python/mod.rs"]
mod python;
mod readme;
#[path = "../models/zips.rs"]
#[allow(dead_code)] // good archives alone
mod zips;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if let Some(example) = programs::asked_for() {
        return example.main();
    }
    let iris = iris::TESTS.iter().map(|(name, test)| trial((*name).to_owned(), test));
    let readme = readme::tests().into_iter().map(|(name, test)| trial(name, test));
    libtest_mimic::run(&Arguments::from_args(), iris.chain(readme).collect()).exit_code()
}

/// A test and its name.
type Test = (&'static str, fn());

fn trial(name: String, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, || {
        test();
        Ok(())
    })
}
