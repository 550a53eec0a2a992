//! What the command line takes, and what it says.

use serde_json::Value;

use crate::Test;
use crate::program::{output, text};

pub(crate) const TESTS: &[Test] = &[
    ("command_line::help_names_everything", help_names_everything),
    ("command_line::usage_errors_are_2", usage_errors_are_2),
    ("command_line::describe_shows_what_there_is", describe_shows_what_there_is),
    ("command_line::describe_as_json", describe_as_json),
];

fn help_names_everything() {
    let output = output(&["--help"]);
    let help = text(&output.stdout);
    assert!(output.status.success());
    for word in [
        "serve",
        "describe",
        "--host",
        "--port",
        "--entry",
        "--config",
        "--threads",
        "--drain-limit",
        "--max-body",
        "--verify-models",
        "--max-connections",
        "--access-log",
        "--token-file",
        "--tls-cert",
        "--cors-origin",
        "-v",
        "-q",
        "--log",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(!help.contains('\u{1b}'), "no colours in a file: {help}");
}

fn usage_errors_are_2() {
    let table: [(&[&str], &str); 9] = [
        (&["srve"], "unrecognized subcommand 'srve'"),
        (&["--prot", "1"], "'--port'"),
        (&["--port", "seventy"], "invalid value 'seventy' for '--port <PORT>'"),
        (&["--port", "70000"], "70000 is not in 0..=65535"),
        (&["--threads", "0"], "invalid value '0' for '--threads <N>'"),
        (&["--drain-limit", "soon"], "expected a duration such as 10s"),
        (&["--max-body", "0"], "expected a size such as 512KiB"),
        (&["--log", "xml"], "invalid value 'xml' for '--log <FORMAT>'"),
        (&["-v", "-q"], "cannot be used with"),
    ];
    for (arguments, words) in table {
        let output = output(arguments);
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}: {told}");
        assert!(told.starts_with("error: ") && told.contains(words), "{arguments:?}: {told}");
    }
}

fn describe_shows_what_there_is() {
    let output = output(&["describe"]);
    let told = text(&output.stdout);
    assert!(output.status.success());
    for line in [
        "Stage  entry",
        "  POST /rows(rows: tensor f32 [_, 4]) -> tensor",
        "    Gives back rows of four.",
        "  POST /count(to: integer, fail_at?: integer | null) -> a stream of integer",
        "  POST /Front/mistake() -> tensor",
        "  needs Stage",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
}

fn describe_as_json() {
    let output = output(&["describe", "-o", "json"]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> =
        told["services"].as_array().unwrap().iter().map(|service| service["name"].as_str().unwrap()).collect();
    assert_eq!((&told["entry"], names), (&Value::from("Stage"), vec!["Narrow", "Hasty", "Fragile", "Front", "Stage"]));
}
