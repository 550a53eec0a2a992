//! Python for tests: an environment with the packages of `requirements.txt`, and scripts that run in it.
//!
//! The environment is made once, below cargo's target folder, by whichever test asks first; that takes about a minute and
//! needs a package index that pip can reach. Without one the tests fail and say so: they never pass unseen.

#![allow(dead_code)] // each program of tests uses its part

mod environment;
pub(crate) mod process;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use process::Process;

/// A script that is about to run, in a process group of its own.
#[must_use]
pub(crate) struct Script {
    name: String,
    command: Command,
    limit: Duration,
}

impl Script {
    /// A script of the tests, by its path below `tests/`.
    pub(crate) fn new(path: &str) -> Self {
        let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests")).join(path);
        assert!(file.is_file(), "there is no script {}", file.display());
        let script = Self::python(path).arg(file.to_str().expect("a path in UTF-8"));
        // Files of bytecode beside the scripts would be files in the repository.
        script.env("PYTHONDONTWRITEBYTECODE", "1")
    }

    /// A module that is run as a program, as `python -m` does.
    pub(crate) fn module(name: &str) -> Self {
        Self::python(name).arg("-m").arg(name)
    }

    /// Code that is run as `python -c` does; `name` says where it is from.
    pub(crate) fn code(name: &str, code: &str) -> Self {
        Self::python(name).arg("-c").arg(code)
    }

    fn python(name: &str) -> Self {
        let mut command = Command::new(environment::interpreter());
        // Whatever the person at this machine has set for their own Python and BentoML stays out.
        for (name, _) in std::env::vars().filter(|(name, _)| is_theirs(name)) {
            command.env_remove(name);
        }
        command.env("BENTOML_DO_NOT_TRACK", "True").env("PYTHONUNBUFFERED", "1").stdin(Stdio::null());
        Self { name: name.to_owned(), command, limit: Duration::from_secs(60) }
    }

    pub(crate) fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// How long it may take; a minute unless set.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end, and fails the test with all it printed unless it ends well within its limit.
    pub(crate) fn run(self) -> String {
        let limit = self.limit;
        let name = self.name.clone();
        let ended = self.start().wait(limit);
        assert!(ended.well, "{name} {}\n{}{}", ended.how, ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Starts it, as a server is. It is ended, with its children, when what is returned is dropped.
    pub(crate) fn start(self) -> Process {
        Process::start(&self.name, self.command)
    }
}

fn is_theirs(name: &str) -> bool {
    ["PYTHON", "BENTO", "VIRTUAL_ENV"].iter().any(|prefix| name.starts_with(prefix))
}

/// The Python that has the packages.
pub(crate) fn interpreter() -> PathBuf {
    environment::interpreter()
}
