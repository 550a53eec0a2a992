//! `playhouse new` makes a project that builds, serves and stops, on a machine without a protobuf compiler.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Sender},
    thread,
    time::Duration,
};

use serde_json::json;
use tempfile::TempDir;

/// How long the service may take to start; a few milliseconds are usual.
const STARTING: Duration = Duration::from_secs(30);

#[test]
fn a_new_project_builds_serves_and_stops() {
    let project = Project::new();
    project.build();
    let mut service = Service::start(&project.program());
    assert_eq!(service.greet("world"), "Hello, world!");
    assert_eq!(service.terminate(), Some(0));
}

/// The build above cannot show it: what it shares with the workspace is built already.
#[test]
fn a_new_project_finds_a_protobuf_compiler_where_none_is_installed() {
    let project = Project::new();
    let bare = tempfile::tempdir().expect("a folder");
    for tool in ["uname", "sh"] {
        symlink(Path::new("/bin").join(tool), bare.path().join(tool)).expect("a link");
    }
    let mut finder = Command::new(project.folder().join(".cargo/protoc"));
    let found = finder.arg("--version").env("PATH", bare.path()).output().expect("it can be run");
    assert!(String::from_utf8_lossy(&found.stdout).starts_with("libprotoc"), "{found:?}");
}

/// A project named `hello`, outside of the workspace.
struct Project {
    parent: TempDir,
}

impl Project {
    fn new() -> Self {
        let parent = tempfile::tempdir().expect("a folder");
        let mut program = Command::new(env!("CARGO_BIN_EXE_playhouse"));
        succeed(program.args(["new", "hello"]).current_dir(parent.path()));
        let project = Self { parent };
        // The versions that the workspace is built with, so that no registry is asked and nothing is built twice.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
        fs::copy(lock, project.folder().join("Cargo.lock")).expect("a lock file");
        project
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("hello")
    }

    /// Into the workspace's own target folder: most dependencies are there already, and they take minutes.
    fn build(&self) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--offline"]).current_dir(self.folder()).env("CARGO_TARGET_DIR", target());
        // Cargo gives its tests the workspace's compiler finder; the project must do with its own.
        succeed(cargo.env_remove("PROTOC"));
    }

    fn program(&self) -> PathBuf {
        target().join("debug/hello")
    }
}

/// The workspace's target folder: the one that holds `debug/playhouse`.
fn target() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_playhouse"));
    program.ancestors().nth(2).expect("in a folder of the target folder").to_owned()
}

fn succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{told}", output.status);
}

/// A running service. Ends when dropped, whatever the test has found.
struct Service {
    process: Child,
    url: String,
}

impl Service {
    fn start(program: &Path) -> Self {
        let mut process = Command::new(program)
            .args(["serve", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (lines, told) = mpsc::channel();
        forward(process.stdout.take().expect("piped"), lines.clone());
        forward(process.stderr.take().expect("piped"), lines);
        let mut service = Self { process, url: String::new() };
        let mut so_far = Vec::new();
        while service.url.is_empty() {
            let line = told.recv_timeout(STARTING).unwrap_or_else(|error| panic!("no address ({error}): {so_far:#?}"));
            service.url = url_in(&line).unwrap_or_default().to_owned();
            so_far.push(line);
        }
        service
    }

    fn greet(&self, name: &str) -> String {
        let client = reqwest::blocking::Client::builder().timeout(STARTING).build().expect("a client");
        let answer =
            client.post(format!("{}/greet", self.url)).json(&json!({ "name": name })).send().expect("an answer");
        let answer = answer.error_for_status().expect("a good answer");
        answer.text().expect("a text")
    }

    /// Asks the service to stop, as a service manager does, and tells its exit code.
    fn terminate(&mut self) -> Option<i32> {
        // The shell's own `kill`: a small machine has no other.
        succeed(Command::new("sh").args(["-c", "kill -TERM \"$0\"", &self.process.id().to_string()]));
        self.process.wait().expect("it ends").code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has ended already, unless the test failed before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends on what `output` says, line by line, and reads on when nobody listens: a full pipe would stop the service.
fn forward(output: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = lines.send(line);
        }
    });
}

/// `http://127.0.0.1:PORT` in a line.
fn url_in(line: &str) -> Option<&str> {
    const START: &str = "http://127.0.0.1:";
    let url = &line[line.find(START)?..];
    let digits = url[START.len()..].chars().take_while(char::is_ascii_digit).count();
    Some(&url[..START.len() + digits])
}
