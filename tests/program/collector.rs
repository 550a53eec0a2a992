//! A collector of traces: takes what programs send by OTLP over HTTP, and shows it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, span::SpanKind, status::StatusCode};
use prost::Message;

/// How long a span may take to come: the program sends what it has every two seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Listens until the test ends.
pub(crate) struct Collector {
    pub(crate) url: String,
    spans: Receiver<Span>,
}

/// A span that has come.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty for the first of a trace.
    pub(crate) parent: String,
    pub(crate) kind: SpanKind,
    pub(crate) is_error: bool,
    pub(crate) took: Duration,
    pub(crate) attributes: BTreeMap<String, String>,
    /// Of the program that has sent it.
    pub(crate) service: String,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, spans) = mpsc::channel();
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                thread::spawn(move || while take(&connection, &sender).is_some() {});
            }
        });
        Self { url, spans }
    }

    /// Waits until this many spans have come. By name, since they come in any order.
    pub(crate) fn spans(&self, count: usize) -> BTreeMap<String, Span> {
        let next = |_| self.spans.recv_timeout(PATIENCE).unwrap();
        (0..count).map(next).map(|span| (span.name.clone(), span)).collect()
    }

    /// What has come and was not looked at, when nothing more can come.
    pub(crate) fn rest(&self) -> Vec<Span> {
        self.spans.try_iter().collect()
    }
}

/// Takes one request and answers it; `None` when the connection ends.
fn take(connection: &TcpStream, spans: &Sender<Span>) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    assert_eq!(lines[0], "post /v1/traces http/1.1");
    assert!(lines.contains(&"content-type: application/x-protobuf".to_owned()), "{lines:?}");
    let length = lines.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    request.resource_spans.into_iter().flat_map(read).for_each(|span| drop(spans.send(span)));
    (&mut &*connection).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()
}

fn read(resource: ResourceSpans) -> Vec<Span> {
    let attributes = texts(resource.resource.unwrap().attributes);
    let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
    let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let read = spans.map(|span| Span {
        kind: span.kind(),
        is_error: span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error),
        trace: hexadecimal(&span.trace_id),
        id: hexadecimal(&span.span_id),
        parent: hexadecimal(&span.parent_span_id),
        took: Duration::from_nanos(span.end_time_unix_nano - span.start_time_unix_nano),
        name: span.name,
        attributes: texts(span.attributes),
        service: attributes["service.name"].clone(),
    });
    read.collect()
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |attribute: KeyValue| {
        let value = match attribute.value.and_then(|value| value.value) {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        (attribute.key, value)
    };
    attributes.into_iter().map(text).collect()
}
