//! Services split over two processes.

use std::process::Command;

use reqwest::blocking::Response;
use serde_json::json;

use crate::Test;
use crate::program::{Running, output, text};

pub(crate) const TESTS: &[Test] = &[
    ("nodes::a_service_is_called_in_another_process", a_service_is_called_in_another_process),
    ("nodes::a_process_that_comes_back_is_found_again", a_process_that_comes_back_is_found_again),
    ("nodes::a_running_node_can_be_asked", a_running_node_can_be_asked),
    ("nodes::what_is_wrong_is_said", what_is_wrong_is_said),
];

/// The services that [`Front`](crate::stage::Front) depends on, for other nodes.
fn back(listen: &str) -> Running {
    Running::start(&["--services", "Stage", "--listen", listen])
}

fn front(peer: &str) -> Running {
    Running::start(&["--services", "Front", "--entry", "Front", "--peer", peer])
}

/// Where it listens for other nodes, as it says.
fn address(running: &Running) -> String {
    let line = running.summary.iter().find(|line| line.contains("for other nodes")).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

/// The answer of a service in another process. What a node offers is known a moment after it is connected.
fn settled(front: &Running, text: &str) -> Response {
    let ask = || front.post("/pass_on", &json!({ "text": text }));
    (0..1000).map(|_| ask()).find(|answer| answer.status() != 503).unwrap_or_else(ask)
}

fn a_service_is_called_in_another_process() {
    for listen in ["127.0.0.1:0".to_owned(), format!("unix:@playhouse-test-{}", std::process::id())] {
        let back = back(&listen);
        let front = front(&address(&back));
        front.logged("connected");
        let answer = settled(&front, "across");
        assert_eq!((answer.status().as_u16(), answer.text().unwrap()), (200, "across".to_owned()));
    }
}

fn a_process_that_comes_back_is_found_again() {
    let listen = format!("unix:@playhouse-back-{}", std::process::id());
    let mut first = back(&listen);
    let front = front(&listen);
    front.logged("connected");
    first.signal("KILL");
    first.wait();
    front.logged("unix:@playhouse-back");
    assert_eq!(front.post("/pass_on", &json!({ "text": "gone" })).status(), 503);
    let _second = back(&listen);
    front.logged("connected");
    assert_eq!(settled(&front, "back").status(), 200);
}

fn a_running_node_can_be_asked() {
    let back = back("127.0.0.1:0");
    let peer = address(&back);
    let ask = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_playhouse"));
        let output = command.args(arguments).args(["--peer", &peer]).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, told, _) = ask(&["ping"]);
    assert!(code == Some(0) && told.contains("answers within"), "{told}");
    let (code, told, _) = ask(&["describe"]);
    assert!(code == Some(0) && told.contains("Stage") && told.contains("count (stream)"), "{told}");
    assert_eq!(ask(&["call", "Stage.echo", r#"{"text": "across"}"#]).1, "\"across\"\n");
    assert_eq!(ask(&["call", "Stage.count", r#"{"to": 3}"#]).1, "0\n1\n2\n");
    let (code, _, told) = ask(&["call", "Stage.fail"]);
    assert!(code == Some(1) && told.contains("no species 7"), "{told}");
    let (code, _, told) = ask(&["call", "Sage.fail"]);
    assert!(code == Some(1) && told.contains("does not run Sage, only Stage"), "{told}");
}

fn what_is_wrong_is_said() {
    let table: [(&[&str], &str); 4] = [
        (&["--services", "Sage"], "Sage is not a service of this program, did you mean Stage?"),
        (&["--listen", "0.0.0.0:0"], "0.0.0.0:0 can be reached by other machines"),
        (&["--peer", "somewhere"], "expected host:port, unix:/path or unix:@name"),
        (&["--services", "Front"], "Stage is missing: Front needs it"),
    ];
    for (arguments, words) in table {
        let output = output(&[&["--port", "0"], arguments].concat());
        let told = text(&output.stderr);
        assert!(!output.status.success() && told.contains(words), "{arguments:?}: {told}");
    }
}
