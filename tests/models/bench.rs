//! A home, and files to add to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An empty `$PLAYHOUSE_HOME`, and a folder for files beside it.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "files"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// A path among the files.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(name)
    }

    pub(crate) fn models(&self) -> PathBuf {
        self.folder.path().join("home/models")
    }

    /// Writes a file among the files, and gives its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// `playhouse models`, about to be started among the files.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_playhouse"));
        command.arg("models").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_clear().env("PLAYHOUSE_HOME", self.folder.path().join("home"));
        command.current_dir(self.folder.path().join("files"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it says if all goes well.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.good(&[arguments, &["-o", "json"]].concat())).unwrap()
    }

    /// What the last line of the standard error says when it fails.
    pub(crate) fn bad(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}{told}", text(&output.stdout));
        let last = told.lines().last().unwrap_or_default();
        last.strip_prefix("error: ").unwrap_or_else(|| panic!("{arguments:?}: {told}")).to_owned()
    }

    /// Versions and whether they are the latest, as `models list` has them.
    pub(crate) fn versions(&self) -> Vec<(String, bool)> {
        let listed = self.json(&["list"]);
        let of = |value: &Value| {
            (format!("{}:{}", value["name"], value["version"]).replace('"', ""), value["latest"] == true)
        };
        listed.as_array().unwrap().iter().map(of).collect()
    }

    /// All names in a model's folder, hidden or not.
    pub(crate) fn everything(&self, model: &str) -> Vec<String> {
        names(&self.models().join(model))
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A safetensors file with one tensor.
pub(crate) fn safetensors() -> Vec<u8> {
    let header = r#"{"layer.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&[1; 24]);
    file
}
