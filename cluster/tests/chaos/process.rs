//! A program under test, started and driven from outside.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::roles::ROLE;

/// How long anything may take that is waited for; a few seconds are usual.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running program. Ends when it is dropped, whatever the test has found.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    log: PathBuf,
}

/// What a process holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holds {
    pub(crate) memory_kib: u64,
    pub(crate) files: usize,
}

impl Process {
    /// Starts this program in a role. `within` is a command that starts it in a place, if there is one.
    pub(crate) fn start(within: Option<Command>, role: &str, arguments: &[&str], log: &Path) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = match within {
            Some(mut command) => {
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        command.args(arguments).env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped());
        let into = File::options().create(true).append(true).open(log).unwrap();
        let mut child = command.stderr(into).spawn().unwrap();
        let (input, output) = (child.stdin.take(), lines(child.stdout.take().unwrap()));
        Self { child, input, output, log: log.into() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that begins with some words. What follows them.
    pub(crate) fn says(&self, words: &str) -> String {
        loop {
            let line = self.output.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("{words:?} was not said: {error}\n{}", self.log()));
            if let Some(rest) = line.strip_prefix(words) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Whether it has said something since it was last listened to that begins with some words.
    pub(crate) fn has_said(&self, words: &str) -> bool {
        self.output.try_iter().any(|line| line.starts_with(words))
    }

    pub(crate) fn command(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it is open until the end");
        writeln!(input, "{line}").unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends its input.
    pub(crate) fn end_input(&mut self) {
        drop(self.input.take());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn holds(&self) -> Holds {
        let folder = PathBuf::from(format!("/proc/{}", self.id()));
        let status = std::fs::read_to_string(folder.join("status")).unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it runs");
        let memory_kib = memory.trim().trim_end_matches(" kB").parse().unwrap();
        Holds { memory_kib, files: std::fs::read_dir(folder.join("fd")).unwrap().count() }
    }

    /// The end of its log.
    pub(crate) fn log(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let name = self.log.file_name().unwrap_or_default().display();
        format!("--- {name}, process {}\n{}\n", self.id(), lines[lines.len().saturating_sub(25)..].join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What comes out of a pipe, line by line. Read on when nobody listens: a full pipe would stop the program.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    lines
}
