//! The start of a program.

use std::net::TcpListener;

use serde_json::json;

use crate::Test;
use crate::program::{Running, output, text};

pub(crate) const TESTS: &[Test] = &[
    ("starting::the_summary_shows_each_service", the_summary_shows_each_service),
    ("starting::a_port_in_use_is_1_with_the_reason_last", a_port_in_use_is_1_with_the_reason_last),
    ("starting::an_unknown_entry_names_the_known_ones", an_unknown_entry_names_the_known_ones),
    ("starting::a_panic_is_one_line_of_the_log", a_panic_is_one_line_of_the_log),
    ("starting::the_log_can_be_json", the_log_can_be_json),
];

fn the_summary_shows_each_service() {
    let running = Running::start(&["--threads", "3"]);
    let row = |service: &str| {
        let line = running.summary.iter().find(|line| line.starts_with(service)).unwrap();
        line.split_whitespace().take(5).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("Narrow"), ["Narrow", "1", "1", "1", "shared"]);
    assert_eq!(row("Stage"), ["Stage", "3", "64", "1024", "shared"]);
    assert!(running.summary.last().unwrap().starts_with("http://127.0.0.1:"));
}

fn a_port_in_use_is_1_with_the_reason_last() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = output(&["--port", &port]);
    let told = text(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{told}");
    assert!(told.lines().last().unwrap().starts_with(&format!("error: 127.0.0.1:{port} is in use")), "{told}");
}

fn an_unknown_entry_names_the_known_ones() {
    let output = output(&["--port", "0", "--entry", "Sage"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("Sage is not a service of this program: there is Narrow, Hasty, Fragile, Front, Stage"),
        "{told}"
    );
}

fn a_panic_is_one_line_of_the_log() {
    let running = Running::start(&[]);
    assert_eq!(running.post("/panic", &json!({})).status(), 500);
    let line = running.logged("panicked");
    assert!(line.contains("as the test wants") && line.contains("stage/mod.rs:"), "{line}");
    assert_eq!(running.post("/nothing", &json!({})).status(), 200);
}

fn the_log_can_be_json() {
    let running = Running::start(&["--log", "json"]);
    assert_eq!(running.post("/panic", &json!({})).status(), 500);
    let line: serde_json::Value = serde_json::from_str(&running.logged("panicked")).unwrap();
    assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"panicked: as the test wants".into()));
}
