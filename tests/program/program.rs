//! The program under test as a process.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use serde_json::Value;

/// Tells this program that it is the one under test.
pub(crate) const STAGE: &str = "STAGE";

/// Tells it to be a program of services with tasks.
pub(crate) const TASKS: &str = "tasks";

/// Tells it to be one that cleans measurements, or one that calls that one.
pub(crate) const CLEANING: &str = "cleaning";
pub(crate) const CLASSIFIER: &str = "classifier";

/// How long a line may take to come; a few milliseconds are usual.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program, about to be started. Nothing of the caller's own settings reaches it.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments).stdin(Stdio::null()).env(STAGE, "1");
    for (name, _) in
        std::env::vars().filter(|(name, _)| ["PLAYHOUSE_", "RUST_", "OTEL_"].iter().any(|of| name.starts_with(of)))
    {
        command.env_remove(name);
    }
    command
}

/// What the program says, and how it ends, when it ends by itself.
pub(crate) fn output(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The running program. Ends when dropped, whatever the test has found.
pub(crate) struct Running {
    process: Child,
    pub(crate) stdout: Receiver<String>,
    pub(crate) stderr: Receiver<String>,
    /// What it has printed up to its address.
    pub(crate) summary: Vec<String>,
    pub(crate) url: String,
}

impl Running {
    /// Starts it on a free port, and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = program(&["serve", "--port", "0"]);
        command.args(arguments);
        Self::of(command)
    }

    /// Starts a command, and waits until it has printed an address.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = lines(process.stdout.take().unwrap());
        let stderr = lines(process.stderr.take().unwrap());
        let mut running = Self { process, stdout, stderr, summary: Vec::new(), url: String::new() };
        while running.url.is_empty() {
            let Ok(line) = running.stdout.recv_timeout(PATIENCE) else {
                panic!("no address: {:?} {:?}", running.summary, running.stderr.iter().collect::<Vec<_>>());
            };
            running.url = line.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_default().to_owned();
            running.summary.push(line);
        }
        running
    }

    pub(crate) fn post(&self, path: &str, arguments: &Value) -> Response {
        client().post(format!("{}{path}", self.url)).json(arguments).send().unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        client().get(format!("{}{path}", self.url)).send().unwrap()
    }

    /// Ends it as it is, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        // std knows no signal but SIGKILL; every shell has `kill`.
        let kill = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for a line of the log that contains some words.
    pub(crate) fn logged(&self, words: &str) -> String {
        loop {
            let line = self.stderr.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{words}: {error}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn client() -> Client {
    Client::builder().timeout(PATIENCE).build().unwrap()
}

/// What comes out of a pipe, line by line. Read on when nobody listens: a full pipe would stop the program.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
    lines
}
