//! The environment with the packages.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

const REQUIREMENTS: &str = include_str!("requirements.txt");
const CONSTRAINTS: &str = include_str!("constraints.txt");
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python");

/// Written when everything is installed: a folder without it was left half made.
const COMPLETE: &str = "complete";

/// The Python that has the packages. Makes the environment if nobody has yet.
pub(super) fn interpreter() -> PathBuf {
    static INTERPRETER: LazyLock<PathBuf> = LazyLock::new(|| ready().join("bin/python"));
    INTERPRETER.clone()
}

/// The folder of the environment, whole. Its name holds what it was made from, so a change of that makes another one.
fn ready() -> PathBuf {
    let version = said(Command::new("python3").args(["-c", "import sys; print(sys.version, sys.base_prefix)"]));
    let mut hasher = DefaultHasher::new();
    (version, REQUIREMENTS, CONSTRAINTS).hash(&mut hasher);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{:016x}", hasher.finish()));
    // Tests run in several processes: one makes it, the others wait. The lock goes with the process that holds it.
    let lock = File::create(folder.with_extension("lock")).expect("a folder for the files of tests");
    lock.lock().expect("a lock");
    if !folder.join(COMPLETE).exists() {
        make(&folder);
    }
    folder
}

fn make(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("what was left half made can be removed");
    }
    said(Command::new("python3").args(["-m", "venv"]).arg(folder));
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    said(pip.args(["-r", "requirements.txt", "-c", "constraints.txt"]).current_dir(HERE));
    File::create(folder.join(COMPLETE)).expect("a writable folder");
}

/// What a command prints, when it ends well.
fn said(command: &mut Command) -> String {
    let hint = "these tests need python3 with venv and pip, and a package index that pip can reach \
                (Debian: python3 and python3-venv; tests/run installs them)";
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}\n{hint}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{stdout}{stderr}\n{hint}", output.status);
    stdout.into_owned()
}
