//! A running script and its children.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// A script that runs. Ended with all its children when dropped, whatever the test has found.
pub(crate) struct Process {
    name: String,
    child: Child,
    /// What it prints, line by line.
    pub(crate) stdout: Receiver<String>,
    pub(crate) stderr: Receiver<String>,
}

/// How a script ended.
pub(crate) struct Ended {
    /// By itself, in time, without an error.
    pub(crate) well: bool,
    pub(crate) how: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    pub(super) fn start(name: &str, mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let stdout = lines(child.stdout.take().expect("a pipe"));
        let stderr = lines(child.stderr.take().expect("a pipe"));
        Self { name: name.to_owned(), child, stdout, stderr }
    }

    /// Waits for a line of its output that contains some words.
    pub(crate) fn printed(&self, words: &str, limit: Duration) -> String {
        let mut before = Vec::new();
        loop {
            let Ok(line) = self.stdout.recv_timeout(limit) else {
                let errors: Vec<_> = self.stderr.try_iter().collect();
                panic!("{} has not printed {words:?}\n{}\n{}", self.name, before.join("\n"), errors.join("\n"));
            };
            if line.contains(words) {
                return line;
            }
            before.push(line);
        }
    }

    /// Waits until it ends, or ends it at the limit.
    pub(crate) fn wait(mut self, limit: Duration) -> Ended {
        let group = self.child.id();
        let (ended, end) = mpsc::channel::<()>();
        let watch = thread::spawn(move || {
            let late = end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            if late {
                kill(group);
            }
            late
        });
        let status = self.child.wait().expect("a child that nobody has waited for");
        drop(ended);
        let late = watch.join().expect("a thread that does not panic");
        // Children that it has left behind would hold the pipes open.
        kill(group);
        let how = if late { format!("has not ended within {limit:?}") } else { format!("has ended with {status}") };
        Ended { well: status.success() && !late, how, stdout: rest(&self.stdout), stderr: rest(&self.stderr) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        kill(self.child.id());
        let _ = self.child.wait();
    }
}

/// Ends a process group. std knows no groups; every shell has `kill`.
fn kill(group: u32) {
    let kill = format!("kill -KILL -{group} 2>/dev/null");
    let _ = Command::new("sh").args(["-c", &kill]).status();
}

fn rest(lines: &Receiver<String>) -> String {
    lines.iter().map(|line| line + "\n").collect()
}

/// What comes out of a pipe, line by line. Read on when nobody listens: a full pipe would stop the process.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    lines
}
