//! The example `iris`, run as its user would.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::SystemTime;

use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Test;
use crate::programs::{EXAMPLE, IRIS};

pub(crate) const TESTS: &[Test] = &[
    ("iris::it_trains_once_and_answers", it_trains_once_and_answers),
    (
        "iris::what_is_no_flower_is_refused_by_the_name_of_its_field",
        what_is_no_flower_is_refused_by_the_name_of_its_field,
    ),
    ("iris::what_starts_no_service_trains_no_model", what_starts_no_service_trains_no_model),
    ("iris::a_damaged_model_is_not_trained_over", a_damaged_model_is_not_trained_over),
    ("iris::changed_weights_are_found_where_that_is_asked_for", changed_weights_are_found_where_that_is_asked_for),
];

/// A running example, ended by force if its test has not ended it.
struct Iris {
    process: Child,
    address: String,
}

impl Iris {
    /// Starts it with an empty or filled home, and waits for the line with its address.
    fn start(home: &Path) -> Self {
        let mut process =
            command(home).args(["serve", "--port", "0"]).stdout(Stdio::piped()).spawn().expect("a process");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let address = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("http://127.0.0.1:")?;
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            Some(format!("http://127.0.0.1:{port}"))
        });
        let Some(address) = address else {
            let _ = process.kill();
            panic!("it ended with {:?} and had given no address", process.wait());
        };
        Self { process, address }
    }

    fn post(&self, path: &str, body: &Value) -> Response {
        let request = Client::new().post(format!("{}{path}", self.address)).json(body);
        request.send().expect("an answer")
    }

    /// Ends it as an operator does, and gives its exit code.
    fn terminate(mut self) -> Option<i32> {
        // std knows no signal but SIGKILL; every shell has `kill`.
        let kill = format!("kill -TERM {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
        self.process.wait().expect("an end").code()
    }
}

impl Drop for Iris {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    // Nothing of the caller's own settings.
    command.env_clear().env(EXAMPLE, IRIS).env("PLAYHOUSE_HOME", home).current_dir(home);
    command
}

/// Runs it to its end.
fn run(home: &Path, arguments: &[&str]) -> Output {
    command(home).args(arguments).output().expect("a process")
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn trained_at(home: &Path) -> SystemTime {
    let weights = fs::metadata(home.join("models/iris/1/model.safetensors")).expect("weights");
    weights.modified().expect("a time")
}

fn json_of(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().expect("JSON"))
}

fn it_trains_once_and_answers() {
    let home = home();
    let flowers = json!({ "input_series": [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5], [5.6, 2.7, 4.2, 1.3]] });
    let iris = Iris::start(home.path());
    assert_eq!(json_of(iris.post("/classify", &json!({ "input_series": [[5.1, 3.5, 1.4, 0.2]] }))), (200, json!([0])));
    assert_eq!(json_of(iris.post("/classify", &flowers)), (200, json!([0, 2, 1])));
    let (status, rows) = json_of(iris.post("/Preprocessing/preprocess", &flowers));
    assert_eq!((status, &rows), (200, &flowers["input_series"]));
    let trained = trained_at(home.path());
    assert_eq!(iris.terminate(), Some(0));

    let again = Iris::start(home.path());
    assert_eq!(json_of(again.post("/IrisClassifier/classify", &flowers)), (200, json!([0, 2, 1])));
    assert_eq!(trained_at(home.path()), trained);
    assert_eq!(fs::read_dir(home.path().join("models/iris")).expect("a folder").flatten().count(), 3);
    assert_eq!(again.terminate(), Some(0));
}

fn what_is_no_flower_is_refused_by_the_name_of_its_field() {
    let home = home();
    let iris = Iris::start(home.path());
    for rows in [json!([[5.1, 3.5, 1.4]]), json!([5.1, 3.5, 1.4, 0.2]), json!([["long"]]), json!(null)] {
        let (status, answer) = json_of(iris.post("/classify", &json!({ "input_series": rows })));
        assert_eq!(status, 400, "{answer}");
        assert!(answer["error"].as_str().is_some_and(|error| error.contains("input_series")), "{answer}");
    }
    assert_eq!(json_of(iris.post("/classify", &json!({ "input_series": [[5.1, 3.5, 1.4, 0.2]] }))), (200, json!([0])));
}

fn what_starts_no_service_trains_no_model() {
    let home = home();
    for arguments in [&["--help"][..], &["describe"], &["describe", "-o", "json"], &["serve", "--port", "none"]] {
        run(home.path(), arguments);
        assert_eq!(fs::read_dir(home.path()).expect("a folder").count(), 0, "{arguments:?}");
    }
    let described = run(home.path(), &["describe"]);
    assert!(described.status.success());
    assert!(String::from_utf8_lossy(&described.stdout).contains("model iris:latest"));
}

fn a_damaged_model_is_not_trained_over() {
    let home = home();
    let model = home.path().join("models/iris/1");
    fs::create_dir_all(&model).expect("a folder");
    let ended = run(home.path(), &["serve", "--port", "0"]);
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{told}");
    assert!(told.contains("models/iris/latest is missing, where there is 1"), "{told}");
    assert_eq!(fs::read_dir(&model).expect("a folder").count(), 0);
}

fn changed_weights_are_found_where_that_is_asked_for() {
    let home = home();
    assert_eq!(Iris::start(home.path()).terminate(), Some(0));
    let weights = home.path().join("models/iris/1/model.safetensors");
    let mut content = fs::read(&weights).expect("weights");
    *content.last_mut().expect("a byte") ^= 1;
    fs::write(&weights, content).expect("changed");
    assert_eq!(Iris::start(home.path()).terminate(), Some(0), "the sizes are right");

    let once = "services: {IrisClassifier: {restart: {max_restarts: 0}}}\n";
    fs::write(home.path().join("config.yaml"), format!("{once}verify_models: true\n")).expect("settings");
    fs::write(home.path().join("once.yaml"), once).expect("settings");
    for arguments in [&["--config", "config.yaml"][..], &["--config", "once.yaml", "--verify-models"]] {
        let ended = run(home.path(), &[&["serve", "--port", "0"], arguments].concat());
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{told}");
        assert!(
            told.contains("model `iris:1` is damaged in ") && told.contains("model.safetensors has changed"),
            "{told}"
        );
    }
    let verified = run(home.path(), &["models", "verify"]);
    assert!(String::from_utf8_lossy(&verified.stdout).starts_with("iris:1: model.safetensors has changed"));
}
