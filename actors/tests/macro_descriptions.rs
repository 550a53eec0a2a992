//! What `#[service]` says of a service: settings, requirements, methods, schemas and documentation.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use futures_util::{Stream, stream};
use playhouse_actors::{
    Definition, Message, MethodDescription, MethodKind, Resources, Restart, RestartPolicy, Result, Service,
    ServiceDescription, Settings, TaskOptions, Tensor, Traffic, service,
};
use serde_json::{Value, json};

/// Says nothing of itself.
pub struct Plain;

#[service]
impl Plain {
    #[init]
    fn new() -> Self {
        Plain
    }

    #[api]
    async fn ping(&self) -> Result<()> {
        Ok(())
    }
}

/// Says everything.
pub struct IrisClassifier;

/// Names the species of iris flowers.
///
/// From their measurements.
#[service(
    workers = 2,
    slots = 8,
    traffic(timeout = "10s", idle_timeout = "1.5s", max_concurrency = 64, concurrency = 32),
    resources(cpu = "200m", memory = "512Mi", gpu = 0.5),
    restart(policy = "transient", max_restarts = 0, period = "1m", backoff_min = "250us", backoff_max = "10s")
)]
impl IrisClassifier {
    #[init]
    fn new() -> Self {
        IrisClassifier
    }

    /// Takes centimetres, gives class indices.
    #[api(idempotent, version = 2)]
    #[tensor(u32, [_])]
    async fn classify(
        &self,
        /// One row for each flower.
        #[tensor(f32, [_, 4])]
        input_series: Tensor,
        /// How sure to be; a half unless given.
        confidence: Option<f32>,
    ) -> Result<Tensor> {
        let _ = confidence;
        Ok(input_series)
    }

    #[api(batch(max_size = 32))]
    fn rate(&self, texts: Vec<String>) -> Result<Vec<f32>> {
        Ok(vec![0.0; texts.len()])
    }

    #[api]
    fn watch(&self) -> impl Stream<Item = Result<u64>> {
        stream::empty()
    }

    /// Learns from examples.
    #[task(idempotent, version = 3, timeout = "2h", retention = "90m", concurrency = 2, max_unfinished = 7)]
    fn train(&self, epochs: u32) -> Result<u32> {
        Ok(epochs)
    }

    #[task]
    async fn rest(&self) -> Result<()> {
        Ok(())
    }
}

fn description() -> ServiceDescription {
    Definition::of::<IrisClassifier>().description().clone()
}

fn method(name: &str) -> MethodDescription {
    description().methods.into_iter().find(|method| method.name == name).unwrap()
}

fn without(schema: &Value, key: &str) -> Value {
    let mut schema = schema.clone();
    schema.as_object_mut().unwrap().remove(key);
    schema
}

#[test]
fn settings_are_those_of_the_attribute() {
    assert_eq!(Plain::settings(), Settings::default());
    let expected = Settings {
        workers: Some(2),
        slots: Some(8),
        traffic: Traffic {
            timeout: Some(Duration::from_secs(10)),
            idle_timeout: Some(Duration::from_millis(1500)),
            max_concurrency: Some(64),
            concurrency: Some(32),
        },
        resources: Resources { cpu: Some("200m".into()), memory: Some("512Mi".into()), gpu: Some(0.5) },
        restart: Restart {
            policy: Some(RestartPolicy::Transient),
            max_restarts: Some(0),
            period: Some(Duration::from_secs(60)),
            backoff_min: Some(Duration::from_micros(250)),
            backoff_max: Some(Duration::from_secs(10)),
        },
    };
    assert_eq!(IrisClassifier::settings(), expected);
}

#[test]
fn tasks_are_methods_that_say_how_they_run_when_submitted() {
    let train = method("train");
    let hour = Duration::from_secs(3600);
    let said = TaskOptions { timeout: 2 * hour, retention: hour + hour / 2, concurrency: Some(2), max_unfinished: 7 };
    assert_eq!(train.task, Some(said));
    assert_eq!((train.kind, train.compute, train.idempotent, train.version), (MethodKind::Unary, true, true, 3));
    assert_eq!(method("rest").task, Some(TaskOptions::default()));
    assert_eq!(method("classify").task, None);
}

#[test]
fn names_and_documentation_are_those_of_the_code() {
    assert_eq!(IrisClassifier::NAME, "IrisClassifier");
    assert_eq!(IrisClassifier::DOC, "Names the species of iris flowers.\n\nFrom their measurements.");
    assert_eq!(Plain::DOC, "");
    assert_eq!(iris_classifier::Classify::SERVICE, "IrisClassifier");
    assert_eq!(iris_classifier::Classify::METHOD, "classify");
    assert_eq!(method("classify").doc, "Takes centimetres, gives class indices.");
    assert_eq!(method("rate").doc, "");
}

#[test]
fn methods_say_how_they_answer() {
    let classify = method("classify");
    assert_eq!((classify.kind, classify.compute), (MethodKind::Unary, false));
    assert_eq!((classify.idempotent, classify.version), (true, 2));
    let rate = method("rate");
    assert_eq!((rate.kind, rate.compute), (MethodKind::Batch, true));
    assert_eq!((rate.idempotent, rate.version), (false, 1));
    let watch = method("watch");
    assert_eq!((watch.kind, watch.compute), (MethodKind::Stream, false));
}

#[test]
fn the_schema_of_the_arguments_has_a_property_for_each() {
    let schema = without(method("classify").arguments.as_value(), "$schema");
    let row = json!({ "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4 });
    let expected = json!({
        "title": "Classify",
        "description": "Takes centimetres, gives class indices.",
        "type": "object",
        "properties": {
            "input_series": {
                "description": "One row for each flower.",
                "title": "Tensor", "format": "tensor", "dtype": "f32", "shape": [null, 4],
                "type": "array", "items": row
            },
            "confidence": {
                "description": "How sure to be; a half unless given.",
                "type": ["number", "null"], "format": "float"
            }
        },
        "additionalProperties": false,
        "required": ["input_series"]
    });
    assert_eq!(schema, expected);
}

#[test]
fn the_schema_of_a_batch_is_that_of_one_message() {
    let rate = method("rate");
    assert_eq!(rate.arguments.as_value()["properties"]["texts"], json!({ "type": "string" }));
    assert_eq!(rate.result.as_value()["type"], "number");
}

#[test]
fn the_schema_of_a_result_shows_what_is_declared() {
    let schema = method("classify").result;
    assert_eq!((&schema.as_value()["dtype"], &schema.as_value()["shape"]), (&json!("u32"), &json!([null])));
    assert_eq!(method("watch").result.as_value()["type"], "integer");
}

#[test]
fn arguments_are_read_strictly_and_options_may_be_left_out() {
    let read = |json: Value| serde_json::from_value::<iris_classifier::Classify>(json);
    let message = read(json!({ "input_series": [[1, 2, 3, 4]] })).unwrap();
    assert_eq!(message.input_series, Tensor::from_rows(&[[1f32, 2.0, 3.0, 4.0]]));
    assert_eq!(message.confidence, None);
    let error = read(json!({ "input_series": [], "confidense": 1 })).err().unwrap().to_string();
    assert!(error.starts_with("unknown field `confidense`, expected `input_series` or `confidence`"), "{error}");
    let error = read(json!({})).err().unwrap().to_string();
    assert_eq!(error, "missing field `input_series`");
    serde_json::from_value::<plain::Ping>(json!({})).unwrap();
}
