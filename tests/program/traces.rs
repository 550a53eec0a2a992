//! Traces: brought by requests, begun by the program, and sent to a collector.

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::blocking::Response;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::Test;
use crate::collector::Collector;
use crate::program::{Running, client, output, program, text};

pub(crate) const TESTS: &[Test] = &[
    ("traces::calls_are_spans_below_their_request", calls_are_spans_below_their_request),
    ("traces::failures_are_marked", failures_are_marked),
    ("traces::a_request_without_a_trace_begins_one", a_request_without_a_trace_begins_one),
    ("traces::what_is_not_recorded_is_not_sent", what_is_not_recorded_is_not_sent),
    ("traces::a_collector_that_is_down_harms_nobody", a_collector_that_is_down_harms_nobody),
    ("traces::a_wrong_address_is_told", a_wrong_address_is_told),
    ("traces::the_log_names_the_trace", the_log_names_the_trace),
    ("traces::the_address_comes_from_where_settings_come_from", the_address_comes_from_where_settings_come_from),
];

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn traced(running: &Running, path: &str, arguments: &Value, flags: &str) -> Response {
    let request = client().post(format!("{}{path}", running.url)).json(arguments);
    request.header("traceparent", format!("00-{TRACE}-{PARENT}-{flags}")).send().unwrap()
}

fn end(mut running: Running) {
    running.signal("TERM");
    assert_eq!(running.wait().code(), Some(0));
}

fn calls_are_spans_below_their_request() {
    let collector = Collector::start();
    let mut command = program(&["serve", "--port", "0", "--otlp", &collector.url]);
    command.env("OTEL_SERVICE_NAME", "the-stage");
    let running = Running::of(command);
    assert_eq!(traced(&running, "/Front/pass_on", &json!({ "text": "a" }), "01").status(), 200);
    let spans = collector.spans(4);
    let (request, front, stage) = (&spans["POST /Front/pass_on"], &spans["Front.pass_on"], &spans["Stage.echo"]);
    // Made by the method itself.
    let asking = &spans["asking"];
    for span in [request, front, stage, asking] {
        assert_eq!(
            (span.trace.as_str(), span.service.as_str(), span.is_error),
            (TRACE, "the-stage", false),
            "{span:?}"
        );
    }
    let parents = [&request.parent, &front.parent, &stage.parent, &asking.parent];
    assert_eq!(parents, [PARENT, &request.id, &front.id, &front.id]);
    assert_eq!(asking.attributes["letters"], "1");
    assert_eq!([request.kind, front.kind, stage.kind], [SpanKind::Server, SpanKind::Internal, SpanKind::Internal]);
    assert!(request.took >= front.took && front.took >= stage.took, "{spans:?}");
    for (span, attribute, value) in [
        (request, "http.route", "/Front/pass_on"),
        (request, "http.request.method", "POST"),
        (request, "http.response.status_code", "200"),
        (request, "url.path", "/Front/pass_on"),
        (front, "rpc.service", "Front"),
        (front, "rpc.method", "pass_on"),
        (stage, "playhouse.outcome", "ok"),
    ] {
        assert_eq!(span.attributes.get(attribute).map(String::as_str), Some(value), "{attribute}: {span:?}");
    }
    assert!(stage.attributes["playhouse.replica"].starts_with("Stage-"));
    told_in_metrics(&running, "playhouse_trace_spans_total{outcome=\"exported\"} 4\n");
}

/// Asks until the figures have this line: the collector has the spans before the program hears that they have come.
fn told_in_metrics(running: &Running, line: &str) {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let metrics = client().get(format!("{}/metrics", running.url)).send().unwrap().text().unwrap();
        if metrics.contains(line) {
            return;
        }
        assert!(Instant::now() < end, "{line:?} is not in {metrics}");
    }
}

fn failures_are_marked() {
    let collector = Collector::start();
    let running = Running::start(&["--otlp", &collector.url]);
    traced(&running, "/fail", &json!({}), "01");
    traced(&running, "/nobody", &json!({}), "01");
    // Sent at the end at the latest.
    end(running);
    let spans = collector.spans(3);
    let (request, call, unknown) = (&spans["POST /fail"], &spans["Stage.fail"], &spans["POST"]);
    assert!(request.is_error && call.is_error && !unknown.is_error, "{spans:?}");
    assert_eq!(call.attributes["playhouse.outcome"], "service");
    assert_eq!(
        (unknown.attributes["http.response.status_code"].as_str(), unknown.attributes.get("http.route")),
        ("404", None)
    );
}

fn a_request_without_a_trace_begins_one() {
    let collector = Collector::start();
    let running = Running::start(&["--otlp", &collector.url]);
    running.post("/echo", &json!({ "text": "a" }));
    let broken = client().post(format!("{}/nothing", running.url)).json(&json!({}));
    broken.header("traceparent", format!("00-{TRACE}-{PARENT}-1")).send().unwrap();
    end(running);
    let spans = collector.spans(4);
    let (request, call) = (&spans["POST /echo"], &spans["Stage.echo"]);
    assert_eq!((request.parent.as_str(), &call.parent, &call.trace), ("", &request.id, &request.trace));
    let broken = &spans["POST /nothing"];
    assert_eq!(broken.parent, "");
    assert!(broken.trace != TRACE && broken.trace != request.trace, "{spans:?}");
}

fn what_is_not_recorded_is_not_sent() {
    let collector = Collector::start();
    let running = Running::start(&["--otlp", &collector.url, "--trace-sample", "0"]);
    running.post("/echo", &json!({ "text": "a" }));
    traced(&running, "/echo", &json!({ "text": "a" }), "00");
    traced(&running, "/nothing", &json!({}), "01");
    end(running);
    let spans = collector.spans(2);
    assert!(spans.contains_key("POST /nothing") && spans.contains_key("Stage.nothing"), "{spans:?}");
    assert!(collector.rest().is_empty());
}

fn a_collector_that_is_down_harms_nobody() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut running = Running::start(&["--otlp", &format!("http://127.0.0.1:{port}")]);
    for _ in 0..50 {
        assert_eq!(running.post("/echo", &json!({ "text": "a" })).status(), 200);
    }
    running.logged("takes no spans");
    assert_eq!(running.post("/echo", &json!({ "text": "a" })).status(), 200);
    running.signal("TERM");
    assert_eq!(running.wait().code(), Some(0));
    let more = running.stderr.iter().filter(|line| line.contains("takes no spans")).count();
    assert_eq!(more, 0, "it is told once");
}

fn a_wrong_address_is_told() {
    for address in ["127.0.0.1:4318", "https://collector:4318"] {
        let output = output(&["--port", "0", "--otlp", address]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        let expected =
            format!("error: --otlp {address}: expected the address of a collector, such as http://127.0.0.1:4318");
        assert!(told.starts_with(&expected), "{told}");
    }
}

/// Whether or not it is recorded, and without a collector too.
fn the_log_names_the_trace() {
    let running = Running::start(&[]);
    traced(&running, "/panic", &json!({}), "00");
    let line = running.logged("panicked: as the test wants");
    assert!(line.ends_with(&format!(" trace_id={TRACE}")), "{line}");
    running.post("/fail", &json!({}));
    let line = running.logged("no species 7");
    assert!(!line.contains("trace_id"), "{line}");
    let running = Running::start(&["--log", "json"]);
    traced(&running, "/panic", &json!({}), "01");
    let line: Value = serde_json::from_str(&running.logged("panicked: as the test wants")).unwrap();
    assert_eq!((line["trace_id"].as_str(), line["level"].as_str()), (Some(TRACE), Some("WARN")));
}

fn the_address_comes_from_where_settings_come_from() {
    let (of_file, of_others, of_environment) = (Collector::start(), Collector::start(), Collector::start());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("traces:\n  otlp: {}\n  sample: 0\n", of_file.url)).unwrap();
    let start = |others: bool, environment: bool| {
        let mut command = program(&["serve", "--port", "0", "--config", file.path().to_str().unwrap()]);
        if others {
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &of_others.url);
        }
        if environment {
            command.env("PLAYHOUSE_OTLP", &of_environment.url);
        }
        Running::of(command)
    };
    for (running, collector) in
        [(start(false, false), &of_file), (start(true, false), &of_others), (start(true, true), &of_environment)]
    {
        running.post("/echo", &json!({ "text": "not recorded, says the file" }));
        traced(&running, "/nothing", &json!({}), "01");
        end(running);
        assert!(collector.spans(2).contains_key("Stage.nothing"));
        assert!(collector.rest().is_empty());
    }
}
