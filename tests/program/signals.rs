//! How a program ends.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::json;

use crate::Test;
use crate::program::{Running, client};

pub(crate) const TESTS: &[Test] = &[
    ("signals::a_drain_finishes_what_was_accepted", a_drain_finishes_what_was_accepted),
    ("signals::what_is_given_up_is_logged", what_is_given_up_is_logged),
    ("signals::a_second_signal_ends_at_once", a_second_signal_ends_at_once),
    ("signals::an_idle_program_ends_in_good_order", an_idle_program_ends_in_good_order),
];

/// Makes a call that runs until its connection to the test is answered.
fn call(running: &Running) -> (thread::JoinHandle<reqwest::Result<u16>>, TcpStream) {
    let meeting = TcpListener::bind("127.0.0.1:0").unwrap();
    let arguments = json!({ "port": meeting.local_addr().unwrap().port() });
    let url = format!("{}/meet", running.url);
    let call = thread::spawn(move || client().post(url).json(&arguments).send().map(|answer| answer.status().as_u16()));
    (call, meeting.accept().unwrap().0)
}

fn a_drain_finishes_what_was_accepted() {
    let mut running = Running::start(&[]);
    let (call, mut met) = call(&running);
    running.signal("TERM");
    running.logged("SIGTERM: finishing what was accepted");
    while client().get(format!("{}/readyz", running.url)).send().unwrap().status() == 200 {}
    let refused = running.post("/nothing", &json!({}));
    assert_eq!((refused.status().as_u16(), &refused.headers()["connection"]), (503, &"close".parse().unwrap()));
    met.write_all(b"done\n").unwrap();
    assert_eq!(call.join().unwrap().unwrap(), 200);
    assert_eq!(running.wait().code(), Some(0));
}

fn what_is_given_up_is_logged() {
    let mut running = Running::start(&["--drain-limit", "20ms"]);
    let (call, _met) = call(&running);
    running.signal("INT");
    let line = running.logged("given up");
    assert!(line.contains("messages=1") && line.contains("Stage-"), "{line}");
    assert_eq!(call.join().unwrap().unwrap(), 503);
    assert_eq!(running.wait().code(), Some(1));
}

fn a_second_signal_ends_at_once() {
    let mut running = Running::start(&[]);
    let (call, _met) = call(&running);
    running.signal("TERM");
    running.logged("SIGTERM: finishing");
    running.signal("INT");
    running.logged("SIGINT: ended at once");
    assert_eq!(running.wait().code(), Some(130));
    assert!(call.join().unwrap().is_err());
}

fn an_idle_program_ends_in_good_order() {
    let mut running = Running::start(&[]);
    running.signal("INT");
    assert_eq!(running.wait().code(), Some(0));
    assert_eq!(running.stderr.iter().filter(|line| line.contains("WARN") || line.contains("ERROR")).count(), 0);
}
