//! A program that calls another one at a URL: where it is told the URL, and what it does while nobody is there.

use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::Test;
use crate::authority::Authority;
use crate::program::{self, Running, text};

pub(crate) const TESTS: &[Test] = &[
    ("depends::each_source_comes_over_the_one_before", each_source_comes_over_the_one_before),
    ("depends::a_parameter_keeps_what_is_said_of_it_alone", a_parameter_keeps_what_is_said_of_it_alone),
    ("depends::the_other_program_is_called_wherever_it_is_told", the_other_program_is_called_wherever_it_is_told),
    ("depends::one_that_is_down_is_waited_for", one_that_is_down_is_waited_for),
    ("depends::a_private_authority_is_trusted_wherever_it_is_told", a_private_authority_is_trusted_wherever_it_is_told),
    ("depends::the_token_comes_from_where_it_is_said", the_token_comes_from_where_it_is_said),
    ("depends::the_id_and_the_trace_of_a_request_go_along", the_id_and_the_trace_of_a_request_go_along),
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
    command.args(arguments).env("PLAYHOUSE_PORT", "0").env("CLEANING_TOKEN", "").env(program::STAGE, stage);
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

fn a_private_authority_is_trusted_wherever_it_is_told() {
    let authority = Authority::new();
    let (certificate, key) = authority.certificate("localhost");
    let [certificate, key, authority] =
        [certificate, key, authority.path()].map(|path| path.to_str().unwrap().to_owned());
    let cleaning = cleaning(&["--tls-cert", &certificate, "--tls-key", &key]);
    let url = cleaning.url.replace("127.0.0.1", "localhost");
    assert!(url.starts_with("https://localhost:"), "{url}");
    let both = format!("Classifier.cleaning={url},Classifier.spare={url}");
    let of_file = file(&format!("depends_ca: {authority}\n"));
    let by_file = classifier(&["--depends", &both, "--config", of_file.path().to_str().unwrap()]);
    let by_flag = classifier(&["--depends", &both, "--depends-ca", &authority]);
    let mut by_environment = classifier(&["--depends", &both]);
    by_environment.env("PLAYHOUSE_DEPENDS_CA", &authority);
    for command in [by_file, by_environment, by_flag] {
        let running = Running::of(command);
        assert_eq!(running.get("/readyz").status(), 200);
        assert_eq!(classify(&running), (200, json!(6.5)));
    }
    let mistaken = Running::of(classifier(&["--depends", &both, "--depends-ca", &certificate]));
    let told = until_ready(&mistaken, 503)["error"].as_str().unwrap().to_owned();
    assert!(told.contains(&format!("{url}: invalid peer certificate: ")), "{told}");
}

/// The last one that is named counts; the attribute names a variable that is empty, which means none.
fn the_token_comes_from_where_it_is_said() {
    let mut command = part(program::CLEANING, &[]);
    command.env("PLAYHOUSE_TOKENS", "r1ght");
    let cleaning = Running::of(command);
    let url = &cleaning.url;
    let both = format!("Classifier.cleaning={url},Classifier.spare={url}");
    let spare = "Classifier.spare=env:SPARE_TOKEN";
    let (right, wrong) = (file("r1ght\n"), file("wr0ng\n"));
    let within = |file: &tempfile::NamedTempFile| format!("file:{}", file.path().display());
    let in_settings = |token: &str| {
        let text = format!("services: {{Classifier: {{depends: {{cleaning: {{url: {url}, token: {token}}}}}}}}}\n");
        file(&text)
    };
    let (settings, mistaken) = (in_settings(&within(&right)), in_settings(&within(&wrong)));
    let (settings, mistaken) = (settings.path().to_str().unwrap(), mistaken.path().to_str().unwrap());
    let start = |arguments: &[&str], set: &[(&str, &str)]| {
        let mut command = classifier(&["-vv", "--depends", &both, "--depends-token", spare]);
        command.args(arguments).env("SPARE_TOKEN", "r1ght").envs(set.iter().copied());
        Running::of(command)
    };
    let flag = format!("Classifier.cleaning={}", within(&right));
    let runs = [
        start(&[], &[("CLEANING_TOKEN", "r1ght")]),
        start(&["--config", settings], &[]),
        start(&["--config", mistaken], &[("PLAYHOUSE_DEPENDS_TOKEN", &flag)]),
        start(&["--depends-token", &flag], &[("PLAYHOUSE_DEPENDS_TOKEN", "Classifier.cleaning=env:NO_SUCH_VARIABLE")]),
    ];
    for running in runs {
        assert_eq!(running.get("/readyz").status(), 200);
        assert_eq!(classify(&running), (200, json!(6.5)));
        running.signal("TERM");
        let logged: Vec<_> = running.stderr.iter().collect();
        assert!(!logged.is_empty() && !logged.iter().any(|line| line.contains("r1ght")), "{logged:?}");
    }
    let without = start(&[], &[]);
    let (status, error) = classify(&without);
    // What is wrong between two services is no fault of whoever calls the first one.
    assert_eq!(status, 500, "{error}");
    assert!(error["error"].as_str().unwrap().contains("a token is needed"), "{error}");
    let told = until_ready(&without, 503)["error"].as_str().unwrap().to_owned();
    assert!(told.contains("it does not let us in with the token from env:CLEANING_TOKEN"), "{told}");
}

/// Also where no method asks for them, and another service of the program is in between.
fn the_id_and_the_trace_of_a_request_go_along() {
    const TRACE: &str = "2a7b36d14971bcd287e8081be948fc98";
    let cleaning = cleaning(&["--access-log", "--log", "json"]);
    let url = &cleaning.url;
    let running = Running::of(classifier(&["--depends", &format!("Classifier.cleaning={url},Classifier.spare={url}")]));
    for (path, id) in [("/classify", "r-7"), ("/Lobby/classify", "r-8")] {
        let request = program::client().post(format!("{}{path}", running.url)).header("x-request-id", id);
        let request = request.header("traceparent", format!("00-{TRACE}-604e023dcbd17ed6-00"));
        let answer = request.json(&json!({ "input_series": [[1.0, 2.0, 3.5]] })).send().unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["x-request-id"]), (200, &id.parse().unwrap()));
        let line: Value = serde_json::from_str(&cleaning.logged("/preprocess")).unwrap();
        assert_eq!((&line["request_id"], &line["trace_id"]), (&json!(id), &json!(TRACE)), "{line}");
    }
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
        ("Clasifier.cleaning=http://peer", "there is no service Clasifier to set anything for, only Lobby, Classifier"),
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
    let expected = "has a part without a parameter: expected SERVICE.PARAMETER=..";
    let by_flag = told(classifier(&["--depends", "cleaning"]), 1);
    assert!(by_flag.contains(&format!("--depends {expected}")), "{by_flag}");
    let mut by_environment = classifier(&[]);
    by_environment.env("PLAYHOUSE_DEPENDS", "cleaning");
    let by_environment = told(by_environment, 1);
    assert!(by_environment.contains(&format!("PLAYHOUSE_DEPENDS {expected}")), "{by_environment}");
    let by_flag = told(classifier(&["--depends-token", "Classifier.cleaning=s3cret"]), 1);
    let expected = "--depends-token: Classifier.cleaning: expected where the token is, as in env:NAME or file:PATH";
    assert!(by_flag.contains(expected) && !by_flag.contains("s3cret"), "{by_flag}");
    let of_file = file("services: {Classifier: {depends: {cleaning: {token: s3cret, uri: http://a}}}}\n");
    let by_file = told(classifier(&["--config", of_file.path().to_str().unwrap()]), 1);
    assert!(
        by_file.contains("depends.cleaning.token: expected where the token is") && !by_file.contains("s3cret"),
        "{by_file}"
    );
    assert!(by_file.contains("depends.cleaning.uri: unknown field; did you mean url?"), "{by_file}");
    let unset = told(classifier(&["--depends-token", "Classifier.cleaning=env:NO_SUCH_VARIABLE"]), 1);
    assert!(unset.contains("Classifier.cleaning: needs the variable NO_SUCH_VARIABLE of the environment"), "{unset}");
    let of_file = file("services: {Classifier: {depends: {clean: http://peer}}}\n");
    let by_file = told(classifier(&["--config", of_file.path().to_str().unwrap()]), 1);
    assert!(
        by_file.contains("services.Classifier.depends.clean: no parameter of Classifier with that name"),
        "{by_file}"
    );
}
