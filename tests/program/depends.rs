//! A program that calls another one at a URL: where it is told the URL, and what it does while nobody is there.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Test;
use crate::program::{self, Running, text};

pub(crate) const TESTS: &[Test] = &[
    ("depends::each_source_comes_over_the_one_before", each_source_comes_over_the_one_before),
    ("depends::a_parameter_keeps_what_is_said_of_it_alone", a_parameter_keeps_what_is_said_of_it_alone),
    ("depends::the_other_program_is_called_wherever_it_is_told", the_other_program_is_called_wherever_it_is_told),
    ("depends::one_that_is_down_is_waited_for", one_that_is_down_is_waited_for),
    ("depends::what_is_wrong_is_one_error", what_is_wrong_is_one_error),
];

/// How long something may take that takes milliseconds as a rule, seconds where a look has to come first.
const LIMIT: Duration = Duration::from_secs(60);

/// The program that is called.
pub(crate) fn cleaning(arguments: &[&str]) -> Running {
    Running::of(part(program::CLEANING, arguments))
}

/// The program that calls, about to be started.
pub(crate) fn classifier(arguments: &[&str]) -> Command {
    part(program::CLASSIFIER, arguments)
}

fn part(stage: &str, arguments: &[&str]) -> Command {
    let mut command = program::program(&["serve"]);
    // A port on the command line comes over this one.
    command.args(arguments).env("PLAYHOUSE_PORT", "0").env(program::STAGE, stage);
    command
}

/// Where each dependency is, as health tells it.
fn urls(running: &Running) -> Value {
    let health: Value = running.get("/healthz").json().unwrap();
    let dependencies = health["groups"][0]["dependencies"].as_array().unwrap().iter();
    dependencies.map(|dependency| dependency["url"].clone()).collect()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    file
}

/// Asks for readiness until it is as expected.
pub(crate) fn until_ready(running: &Running, expected: u16) -> Value {
    let end = Instant::now() + LIMIT;
    loop {
        let answer = running.get("/readyz");
        let (status, body) = (answer.status(), answer.text().unwrap());
        if status == expected {
            return serde_json::from_str(&body).unwrap_or_default();
        }
        assert!(Instant::now() < end, "{status} {body}");
    }
}

fn classify(running: &Running) -> (u16, Value) {
    let answer = running.post("/classify", &json!({ "input_series": [[1.0, 2.0, 3.5]] }));
    (answer.status().as_u16(), answer.json().unwrap())
}

fn each_source_comes_over_the_one_before() {
    let of_file = file("services:\n  Classifier:\n    depends:\n      cleaning: http://127.0.0.1:1/file\n");
    let url = |file: bool, environment: bool, flag: bool| {
        let mut command = classifier(&[]);
        if file {
            command.args(["--config", of_file.path().to_str().unwrap()]);
        }
        if environment {
            command.env("PLAYHOUSE_DEPENDS", "Classifier.cleaning=http://127.0.0.1:1/environment");
        }
        if flag {
            command.args(["--depends", "Classifier.cleaning=http://127.0.0.1:1/flag"]);
        }
        urls(&Running::of(command))[0].clone()
    };
    assert_eq!(url(false, false, false), "http://127.0.0.1:1/code");
    assert_eq!(url(true, false, false), "http://127.0.0.1:1/file");
    assert_eq!(url(true, true, false), "http://127.0.0.1:1/environment");
    assert_eq!(url(true, true, true), "http://127.0.0.1:1/flag");
}

/// What the environment says of one parameter holds also where the command line speaks of another.
fn a_parameter_keeps_what_is_said_of_it_alone() {
    let mut command = classifier(&["--depends", "Classifier.cleaning=http://127.0.0.1:1/flag"]);
    let both = "Classifier.cleaning=http://127.0.0.1:1/a, Classifier.spare=http://127.0.0.1:1/b";
    command.env("PLAYHOUSE_DEPENDS", both);
    assert_eq!(urls(&Running::of(command)), json!(["http://127.0.0.1:1/flag", "http://127.0.0.1:1/b"]));
}

fn the_other_program_is_called_wherever_it_is_told() {
    let cleaning = cleaning(&[]);
    let url = &cleaning.url;
    let of_file = file(&format!("services: {{Classifier: {{depends: {{cleaning: {url}, spare: {url}}}}}}}\n"));
    let both = format!("Classifier.cleaning={url},Classifier.spare={url}");
    let by_file = classifier(&["--config", of_file.path().to_str().unwrap()]);
    let by_flag = classifier(&["--depends", &both]);
    let mut by_environment = classifier(&[]);
    by_environment.env("PLAYHOUSE_DEPENDS", &both);
    for command in [by_file, by_environment, by_flag] {
        let running = Running::of(command);
        assert_eq!(running.get("/readyz").status(), 200, "it has been met at the start");
        assert_eq!(classify(&running), (200, json!(6.5)));
    }
}

fn one_that_is_down_is_waited_for() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let url = format!("http://127.0.0.1:{port}");
    let running = Running::of(classifier(&["--depends", &format!("Classifier.cleaning={url},Classifier.spare={url}")]));
    let told = until_ready(&running, 503)["error"].as_str().unwrap().to_owned();
    assert!(told.starts_with(&format!("not ready: Classifier (its dependency cleaning at {url}: ")), "{told}");
    assert!(told.contains("refused"), "{told}");
    let (status, error) = classify(&running);
    assert_eq!((status, &error["kind"]), (503, &json!("not_started")));
    assert!(error["error"].as_str().unwrap().contains(&format!("{url} cannot be reached")), "{error}");

    let mut cleaning = cleaning(&["--port", &port]);
    until_ready(&running, 200);
    assert_eq!(classify(&running), (200, json!(6.5)));

    cleaning.kill();
    until_ready(&running, 503);
    let _again = self::cleaning(&["--port", &port]);
    until_ready(&running, 200);
    assert_eq!(classify(&running), (200, json!(6.5)));
}

fn what_is_wrong_is_one_error() {
    let told = |mut command: Command, code: i32| {
        let output = command.output().unwrap();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{told}");
        told
    };
    let table = [
        ("Classifier.cleaning=peer:3000", "Classifier.cleaning: \"peer:3000\" is not a URL to call"),
        ("Classifier.cleaning=ftp://peer", "its scheme is neither http nor https"),
        ("Classifier.cleaning=http://${NOWHERE}", "needs the variable NOWHERE of the environment, which is not set"),
        ("Classifier.cleaning=http://me:secret@peer", "a URL to call has no user and no password in it"),
        ("Classifier.clean=http://peer", "Classifier has no parameter clean with `#[depends(url = ..)]`: "),
        ("Clasifier.cleaning=http://peer", "there is no service Clasifier to set anything for, only Classifier"),
    ];
    for (given, words) in table {
        let mut by_environment = classifier(&[]);
        by_environment.env("PLAYHOUSE_DEPENDS", given);
        for command in [classifier(&["--depends", given]), by_environment] {
            let told = told(command, 1);
            let errors: Vec<_> = told.lines().filter(|line| line.starts_with("error: ")).collect();
            assert!(errors.len() == 1 && errors[0].contains(words) && !told.contains("secret"), "{given}: {told}");
        }
    }
    let expected = "expected a service, a parameter and a URL, as in Classifier.cleaning=https://host/path";
    let by_flag = told(classifier(&["--depends", "cleaning"]), 2);
    assert!(by_flag.contains(expected), "{by_flag}");
    let mut by_environment = classifier(&[]);
    by_environment.env("PLAYHOUSE_DEPENDS", "cleaning");
    let by_environment = told(by_environment, 1);
    assert!(by_environment.contains(&format!("PLAYHOUSE_DEPENDS: \"cleaning\": {expected}")), "{by_environment}");
    let of_file = file("services: {Classifier: {depends: {clean: http://peer}}}\n");
    let by_file = told(classifier(&["--config", of_file.path().to_str().unwrap()]), 1);
    assert!(
        by_file.contains("services.Classifier.depends.clean: no parameter of Classifier with that name"),
        "{by_file}"
    );
}
