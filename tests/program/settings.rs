//! Where settings come from, and what is said of those that are wrong.

use std::fs;

use serde_json::json;

use crate::Test;
use crate::program::{Running, output, program, text};

pub(crate) const TESTS: &[Test] = &[
    ("settings::each_source_comes_over_the_one_before", each_source_comes_over_the_one_before),
    ("settings::the_file_comes_over_the_code", the_file_comes_over_the_code),
    ("settings::a_wrong_file_is_told_in_full", a_wrong_file_is_told_in_full),
    ("settings::a_missing_file_is_told", a_missing_file_is_told),
];

fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.yaml");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

/// Told apart by the entry: the code says `Stage`.
fn each_source_comes_over_the_one_before() {
    let (_folder, path) = file("entry: Hasty\nhost: 127.0.0.1\n");
    let entry = |environment: Option<&str>, arguments: &[&str]| {
        let mut command = program(&["serve", "--port", "0"]);
        command.args(arguments);
        if let Some(entry) = environment {
            command.env("PLAYHOUSE_ENTRY", entry).env("PLAYHOUSE_CONFIG", &path);
        }
        let running = Running::of(command);
        let line = running.summary.last().unwrap();
        line.split_once("entry ").unwrap().1.split(',').next().unwrap().to_owned()
    };
    assert_eq!(entry(None, &[]), "Stage");
    assert_eq!(entry(None, &["--config", &path]), "Hasty");
    assert_eq!(entry(Some("Front"), &[]), "Front");
    assert_eq!(entry(Some("Front"), &["--entry", "Narrow"]), "Narrow");
}

fn the_file_comes_over_the_code() {
    let (_folder, path) = file("services:\n  Narrow:\n    slots: 5\n    traffic: {max_concurrency: 7}\nmax_body: 20\n");
    let running = Running::start(&["--config", &path]);
    let narrow = running.summary.iter().find(|line| line.starts_with("Narrow")).unwrap();
    assert_eq!(narrow.split_whitespace().take(4).collect::<Vec<_>>(), ["Narrow", "1", "5", "7"]);
    let answer = running.post("/echo", &json!({ "text": "longer than twenty bytes" }));
    assert_eq!(answer.status(), 413);
}

fn a_wrong_file_is_told_in_full() {
    let (_folder, path) = file(
        "port: 70000\nservces: {}\nservices:\n  Narow: {}\n  Hasty:\n    workers: 0\n    traffic: {max_concurrency: 0}\n    \
         restart: {backoff_min: 10s, backoff_max: 1s}\n",
    );
    let output = output(&["--config", &path]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for words in [
        ":1: port: is 70000: expected a port",
        ":2: servces: unknown field; did you mean services?",
        ":4: services.Narow: no service is named Narow; did you mean Narrow? this program has Narrow, Hasty, ",
        ":6: services.Hasty.workers: is 0: expected a whole number above 0, or cpu_count",
        ":7: services.Hasty.traffic.max_concurrency: is 0: expected a whole number above 0",
        ":8: services.Hasty.restart.backoff_min: is 10s, above backoff_max, which is 1s",
    ] {
        assert!(told.contains(&format!("{path}{words}")), "{words}: {told}");
    }
}

fn a_missing_file_is_told() {
    let output = output(&["--config", "no-such-file.yaml"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.starts_with("error: cannot read no-such-file.yaml: No such file"), "{told}");
}
