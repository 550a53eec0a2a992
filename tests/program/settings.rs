//! Where settings come from, and what is said of those that are wrong.

use std::fs;

use serde_json::json;

use crate::Test;
use crate::program::{Running, client, output, program, text};

pub(crate) const TESTS: &[Test] = &[
    ("settings::each_source_comes_over_the_one_before", each_source_comes_over_the_one_before),
    ("settings::the_file_comes_over_the_code", the_file_comes_over_the_code),
    ("settings::a_wrong_file_is_told_in_full", a_wrong_file_is_told_in_full),
    ("settings::a_missing_file_is_told", a_missing_file_is_told),
    ("settings::each_request_is_a_line_where_that_is_wanted", each_request_is_a_line_where_that_is_wanted),
    ("settings::tokens_come_from_files_and_the_environment", tokens_come_from_files_and_the_environment),
    ("settings::origins_come_from_the_file_and_the_command_line", origins_come_from_the_file_and_the_command_line),
    ("settings::wrong_settings_of_http_are_told", wrong_settings_of_http_are_told),
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

fn each_request_is_a_line_where_that_is_wanted() {
    let running = Running::start(&["--access-log", "--log", "json"]);
    let ask = |path: &str| client().get(format!("{}{path}", running.url)).header("x-request-id", "r-1");
    assert_eq!(ask("/livez").send().unwrap().status(), 200);
    let parent = "00-2a7b36d14971bcd287e8081be948fc98-604e023dcbd17ed6-01";
    assert_eq!(ask("/nowhere").header("traceparent", parent).send().unwrap().status(), 404);
    let line: serde_json::Value = serde_json::from_str(&running.logged("answered")).unwrap();
    let told = ["method", "path", "status", "request_id", "trace_id", "cut"].map(|name| line[name].clone());
    let trace = "2a7b36d14971bcd287e8081be948fc98";
    assert_eq!(told, [json!("GET"), json!("/nowhere"), json!(404), json!("r-1"), json!(trace), json!(null)], "{line}");
    assert!(line["bytes"].as_u64().unwrap() > 0 && line["duration_us"].as_u64().unwrap() > 0, "{line}");
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
}

fn tokens_come_from_files_and_the_environment() {
    let (folder, path) = file("");
    let tokens = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (under, over) = (tokens("under", "# ours\nfrom-config\n"), tokens("over", "from-line\n"));
    fs::write(&path, format!("token_file: {under}\nopen_paths: [/]\n")).unwrap();
    let known = |environment: Option<&str>, arguments: &[&str]| {
        let mut command = program(&["serve", "--port", "0", "--config", &path]);
        command.args(arguments);
        if let Some(tokens) = environment {
            command.env("PLAYHOUSE_TOKENS", tokens);
        }
        let running = Running::of(command);
        let may = |token: &&str| {
            let request = client().post(format!("{}/nothing", running.url)).bearer_auth(token);
            request.send().unwrap().status() == 200
        };
        assert_eq!(client().get(&running.url).send().unwrap().status(), 200, "an open path");
        ["from-config", "from-line", "from-environment"].into_iter().filter(may).collect::<Vec<_>>()
    };
    assert_eq!(known(None, &[]), ["from-config"]);
    assert_eq!(known(None, &["--token-file", &over]), ["from-line"]);
    assert_eq!(known(Some("from-environment"), &[]), ["from-environment"]);
    assert_eq!(known(Some("other,from-environment"), &["--token-file", &over]), ["from-line", "from-environment"]);
}

fn origins_come_from_the_file_and_the_command_line() {
    let (_folder, path) = file("cors:\n  origins: https://a.example\n  credentials: true\n");
    let allowed = |arguments: &[&str]| {
        let running = Running::start(arguments);
        let may = |origin: &&str| {
            let answer = client().post(format!("{}/nothing", running.url)).header("origin", *origin).send().unwrap();
            answer.headers().get("access-control-allow-origin").is_some()
        };
        ["https://a.example", "https://b.example"].into_iter().filter(may).collect::<Vec<_>>()
    };
    assert_eq!(allowed(&[]), [] as [&str; 0]);
    assert_eq!(allowed(&["--config", &path]), ["https://a.example"]);
    assert_eq!(allowed(&["--config", &path, "--cors-origin", "https://b.example"]), ["https://b.example"]);
    assert_eq!(allowed(&["--cors-origin", "*"]), ["https://a.example", "https://b.example"]);
}

fn wrong_settings_of_http_are_told() {
    let table: [(&[&str], &str); 7] = [
        (&["--token-file", "no-such-file"], "cannot read no-such-file: No such file"),
        (&["--tls-cert", "cert.pem"], "cert.pem: the certificate is given without its key"),
        (&["--tls-key", "key.pem"], "key.pem: the key is given without its certificate"),
        (&["--tls-cert", "cert.pem", "--tls-key", "key.pem"], "cannot read cert.pem: No such file"),
        (&["--cors-method", "GET"], "the origins are missing"),
        (&["--cors-origin", "*", "--cors-credentials"], "credentials are for named origins"),
        (&["--cors-origin", "app.example"], "\"app.example\" is no origin"),
    ];
    for (arguments, words) in table {
        let output = output(&[&["serve", "--port", "0"], arguments].concat());
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        assert!(told.contains(words), "{arguments:?}: {told}");
    }
}
