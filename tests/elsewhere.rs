//! The example `elsewhere`, run as the README says: its service calls one of BentoML.

#![allow(clippy::unwrap_used)]

#[path = "python/mod.rs"]
mod python;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::blocking::Client;
use serde_json::{Value, json};
use tokio::time::Instant;

use python::Script;

/// Starting BentoML takes three seconds here, and longer on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

const README: &str = include_str!("../README.md");

/// The running example. Ends when dropped.
struct Example {
    process: Child,
    url: String,
}

impl Example {
    fn start(cleaning: &str) -> Self {
        let test = std::env::current_exe().unwrap();
        // `cargo test` builds the examples beside the tests: `target/<profile>/{deps,examples}`.
        let profile = test.parent().and_then(Path::parent).unwrap();
        let mut command = Command::new(profile.join("examples/elsewhere"));
        // Nothing of the caller's own settings.
        command.env_clear().env("CLEANING_URL", cleaning).args(["--port", "0"]).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = lines
            .into_iter()
            .find_map(|line| line.split_whitespace().find(|word| word.starts_with("http://")).map(ToOwned::to_owned));
        Self { process, url: url.unwrap() }
    }

    fn post(&self, path: &str, body: &str) -> (u16, Value) {
        let request = Client::new().post(format!("{}{path}", self.url)).header("content-type", "application/json");
        let answer = request.body(body.to_owned()).send().unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().unwrap());
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn until_ready(&self) {
        let end = Instant::now() + LIMIT;
        loop {
            let answer = reqwest::blocking::get(format!("{}/readyz", self.url)).unwrap();
            if answer.status() == 200 {
                return;
            }
            assert!(Instant::now() < end, "{}", answer.text().unwrap());
        }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The body of a call in the README, and the answer that stands below it.
fn call_in_readme(path: &str) -> (&'static str, &'static str) {
    let (_, section) = README.split_once("### Calling services elsewhere").unwrap();
    let mut lines =
        section.lines().skip_while(|line| !line.starts_with(&format!("$ curl http://127.0.0.1:3000{path} ")));
    let call = lines.next().unwrap_or_else(|| panic!("{path} is not called in the README"));
    let body = call.split_once("-d '").unwrap().1.trim_end_matches('\'');
    (body, lines.next().unwrap())
}

#[test]
fn what_the_readme_shows_is_what_happens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/elsewhere");
    let script = Script::new("outbound/serve.py").arg(&port.to_string()).arg(folder).arg("cleaning:Cleaning");
    let _cleaning = script.start();
    let example = Example::start(&format!("http://127.0.0.1:{port}"));
    example.until_ready();
    let (body, answer) = call_in_readme("/means");
    assert_eq!(example.post("/means", body), (200, serde_json::from_str(answer).unwrap()));
    let (body, answer) = call_in_readme("/inspect");
    assert_eq!(example.post("/inspect", body), (200, json!(answer)));
    let (status, error) = example.post("/means", r#"{"rows": [[-1, -2]]}"#);
    assert_eq!((status, &error["error"]), (400, &json!("rows: no row is clean")));
}
