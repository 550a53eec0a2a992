//! Tasks outlive the process that took them.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;

use reqwest::blocking::Response;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Test;
use crate::program::{Running, STAGE, TASKS, client, program, text};

pub(crate) const TESTS: &[Test] = &[
    ("tasks::results_outlive_the_process", results_outlive_the_process),
    ("tasks::a_killed_process_loses_no_task_and_runs_none_twice", a_killed_process_loses_no_task_and_runs_none_twice),
    ("tasks::what_was_killed_in_the_middle_fails_or_runs_again", what_was_killed_in_the_middle_fails_or_runs_again),
    ("tasks::a_drain_leaves_what_waits_for_the_next_start", a_drain_leaves_what_waits_for_the_next_start),
    ("tasks::a_canceled_task_stays_so", a_canceled_task_stays_so),
    ("tasks::a_store_has_one_process", a_store_has_one_process),
    ("tasks::a_damaged_store_is_told_at_the_start", a_damaged_store_is_told_at_the_start),
];

/// A folder with a store and a file that runs leave lines in.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("folder").join("tasks.redb")
    }

    fn file(&self) -> String {
        self.0.path().join("runs").to_str().unwrap().to_owned()
    }

    /// What has run, in the order of it.
    fn runs(&self) -> Vec<String> {
        let runs = fs::read_to_string(self.file()).unwrap_or_default();
        runs.lines().map(str::to_owned).collect()
    }

    fn start(&self) -> Running {
        self.start_with(&[])
    }

    fn start_with(&self, arguments: &[&str]) -> Running {
        let mut command = program(&["serve", "--port", "0"]);
        command.args(arguments).arg("--task-store").arg(self.store()).env(STAGE, TASKS);
        Running::of(command)
    }

    /// Starts a program that is not to come up.
    fn refused(&self) -> Output {
        refused(&self.store())
    }
}

fn refused(store: &Path) -> Output {
    let mut command = program(&["serve", "--port", "0", "--task-store"]);
    command.arg(store).env(STAGE, TASKS).output().unwrap()
}

fn json_of(answer: Response) -> Value {
    answer.json().unwrap()
}

fn submit(running: &Running, method: &str, arguments: &Value) -> String {
    let answer = running.post(&format!("/{method}/submit"), arguments);
    assert_eq!(answer.status(), 200);
    json_of(answer)["task_id"].as_str().unwrap().to_owned()
}

fn status(running: &Running, method: &str, id: &str) -> String {
    let answer = json_of(running.get(&format!("/{method}/status?task_id={id}")));
    answer["status"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Waits until a task has ended.
fn ended(running: &Running, method: &str, id: &str) -> String {
    loop {
        let status = status(running, method, id);
        if !["pending", "in_progress"].contains(&status.as_str()) {
            return status;
        }
        thread::yield_now();
    }
}

fn result(running: &Running, method: &str, id: &str) -> (u16, Value) {
    let answer = running.get(&format!("/{method}/get?task_id={id}"));
    let is_text = answer.headers()["content-type"].as_bytes().starts_with(b"text/plain");
    (answer.status().as_u16(), if is_text { answer.text().unwrap().into() } else { json_of(answer) })
}

fn meeting() -> (TcpListener, u16) {
    let meeting = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = meeting.local_addr().unwrap().port();
    (meeting, port)
}

fn met(meeting: &TcpListener) -> TcpStream {
    meeting.accept().unwrap().0
}

fn results_outlive_the_process() {
    let place = Place::new();
    let mut running = place.start();
    let done = submit(&running, "echo", &json!({ "text": "kept" }));
    let failed = submit(&running, "fail", &json!({}));
    assert_eq!(ended(&running, "echo", &done), "completed");
    assert_eq!(ended(&running, "fail", &failed), "failed");
    let before = json_of(running.get(&format!("/echo/status?task_id={done}")));
    running.kill();
    let running = place.start();
    assert_eq!(json_of(running.get(&format!("/echo/status?task_id={done}"))), before);
    assert_eq!(result(&running, "echo", &done), (200, json!("kept")));
    let (code, error) = result(&running, "fail", &failed);
    assert_eq!((code, &error["error"]), (500, &json!("no species 7")));
    let again = json_of(running.post(&format!("/echo/retry?task_id={done}"), &json!(null)));
    assert_eq!(ended(&running, "echo", again["task_id"].as_str().unwrap()), "completed");
}

/// Kills the process at many moments, while tasks come in without a pause.
fn a_killed_process_loses_no_task_and_runs_none_twice() {
    const LIVES: usize = 8;
    let place = Place::new();
    let mut accepted: Vec<(String, String, &str)> = Vec::new();
    for life in 0..LIVES {
        let mut running = place.start();
        // Each life is as long as some runs take, and ends in the middle of others.
        let enough = place.runs().len() + 10 + life * 7;
        let submitters = ["once", "again"].map(|method| {
            let (url, file) = (format!("{}/{method}/submit", running.url), place.file());
            thread::spawn(move || flood(&url, &file, method, life))
        });
        while place.runs().len() < enough {
            thread::yield_now();
        }
        running.kill();
        accepted.extend(submitters.into_iter().flat_map(|submitter| submitter.join().unwrap()));
    }
    let running = place.start();
    let states: Vec<_> = accepted.iter().map(|(id, _, method)| ended(&running, method, id)).collect();
    let runs = place.runs();
    let mut interrupted = 0;
    for ((id, line, method), state) in accepted.iter().zip(&states) {
        let ran = runs.iter().filter(|run| *run == line).count();
        match (*method, state.as_str()) {
            ("once", "completed") => assert_eq!(ran, 1, "{line}"),
            ("once", "failed") => {
                interrupted += 1;
                assert!(ran <= 1, "{line} ran {ran} times");
                let (code, error) = result(&running, method, id);
                assert_eq!((code, &error["code"]), (500, &json!("interrupted")), "{error}");
            }
            ("again", "completed") => assert!(ran >= 1, "{line}"),
            (_, state) => panic!("{line} is {state}"),
        }
    }
    // At most the two that ran at each end.
    assert!(interrupted <= 2 * LIVES, "{interrupted} of {}", accepted.len());
}

/// Submits tasks until there is no answer; those that were accepted: the id, the line that each leaves, and the method.
fn flood(url: &str, file: &str, method: &'static str, life: usize) -> Vec<(String, String, &'static str)> {
    let client = client();
    let mut accepted = Vec::new();
    for number in 0.. {
        let line = format!("{method}-{life}-{number}");
        let answer = client.post(url).json(&json!({ "file": file, "line": line })).send();
        let Ok(answer) = answer.and_then(Response::json::<Value>) else { break };
        accepted.push((answer["task_id"].as_str().unwrap().to_owned(), line, method));
    }
    accepted
}

fn what_was_killed_in_the_middle_fails_or_runs_again() {
    let place = Place::new();
    let (meeting, port) = meeting();
    let mut running = place.start();
    let arguments = |line: &str| json!({ "file": place.file(), "line": line, "port": port });
    let once = submit(&running, "once", &arguments("once"));
    let first = met(&meeting);
    let again = submit(&running, "again", &arguments("again"));
    let second = met(&meeting);
    running.kill();
    drop((first, second));
    let running = place.start();
    let mut third = met(&meeting);
    assert_eq!(status(&running, "once", &once), "failed");
    assert_eq!(result(&running, "once", &once).1["code"], "interrupted");
    assert_eq!(status(&running, "again", &again), "in_progress");
    third.write_all(b"done\n").unwrap();
    assert_eq!(ended(&running, "again", &again), "completed");
    assert_eq!(result(&running, "again", &again), (200, json!("done")));
    assert_eq!(place.runs(), ["once", "again", "again"]);
}

fn a_drain_leaves_what_waits_for_the_next_start() {
    let place = Place::new();
    let (meeting, port) = meeting();
    let mut running = place.start_with(&["--drain-limit", "20ms"]);
    let first = submit(&running, "few", &json!({ "port": port }));
    let _met = met(&meeting);
    let second = submit(&running, "few", &json!({ "port": port }));
    assert_eq!(status(&running, "few", &second), "pending");
    running.signal("TERM");
    assert_eq!(running.wait().code(), Some(1), "one call was given up");
    let running = place.start();
    met(&meeting).write_all(b"done\n").unwrap();
    assert_eq!(ended(&running, "few", &second), "completed");
    assert_eq!(status(&running, "few", &first), "failed");
}

fn a_canceled_task_stays_so() {
    let place = Place::new();
    let (meeting, port) = meeting();
    let mut running = place.start();
    let runs = submit(&running, "few", &json!({ "port": port }));
    let mut met = met(&meeting);
    let waits = submit(&running, "few", &json!({ "port": port }));
    for id in [&waits, &runs] {
        let answer = client().put(format!("{}/few/cancel?task_id={id}", running.url)).send().unwrap();
        assert_eq!(answer.status(), 200);
    }
    // The run is dropped where it awaits, and with it its connection.
    assert_eq!(std::io::Read::read(&mut met, &mut [0]).unwrap(), 0);
    running.kill();
    let running = place.start();
    assert_eq!([&waits, &runs].map(|id| status(&running, "few", id)), ["canceled", "canceled"]);
    let other = submit(&running, "few", &json!({ "port": port }));
    meeting.accept().unwrap().0.write_all(b"the only one\n").unwrap();
    assert_eq!(ended(&running, "few", &other), "completed");
}

fn a_store_has_one_process() {
    let place = Place::new();
    let mut running = place.start();
    let refused = place.refused();
    let error = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(error.contains("in use by another process") && error.contains("--task-store"), "{error}");
    running.kill();
    place.start();
}

fn a_damaged_store_is_told_at_the_start() {
    let place = Place::new();
    let mut running = place.start();
    for text in ["a", "b"] {
        let id = submit(&running, "echo", &json!({ "text": text.repeat(20_000) }));
        assert_eq!(ended(&running, "echo", &id), "completed");
    }
    running.kill();
    let whole = fs::read(place.store()).unwrap();
    for (what, bytes) in [
        ("another file", b"not a store at all".to_vec()),
        ("cut short", whole[..whole.len() / 2].to_vec()),
        ("overwritten", [&whole[..4096], &vec![0xa5; whole.len() - 4096]].concat()),
    ] {
        fs::write(place.store(), bytes).unwrap();
        let refused = place.refused();
        let error = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{what}: {error}");
        assert!(error.contains("cannot be read") && error.contains("tasks.redb"), "{what}: {error}");
    }
    fs::write(place.file(), "").unwrap();
    let below_a_file = refused(&Path::new(&place.file()).join("tasks.redb"));
    let error = text(&below_a_file.stderr);
    assert!(below_a_file.status.code() == Some(1) && error.contains("cannot be opened"), "{error}");
}
