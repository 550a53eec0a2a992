//! What answers GET.

use serde_json::{Map, Value, json};

use super::PROCESS;
use super::components::reference;

/// A path that answers GET: what it says, and in which type.
struct Probe {
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    content_type: &'static str,
    /// Whether it answers 503 when the process is not ready.
    may_be_unready: bool,
}

const PROBES: &[Probe] = &[
    Probe {
        path: "/livez",
        id: "livez",
        summary: "Whether the process lives.",
        content_type: "text/plain",
        may_be_unready: false,
    },
    Probe {
        path: "/readyz",
        id: "readyz",
        summary: "Whether calls should be sent here.",
        content_type: "text/plain",
        may_be_unready: true,
    },
    Probe {
        path: "/healthz",
        id: "healthz",
        summary: "How each group of workers fares.",
        content_type: "application/json",
        may_be_unready: false,
    },
    Probe {
        path: "/metrics",
        id: "metrics",
        summary: "What has happened so far, in numbers for Prometheus.",
        content_type: "text/plain",
        may_be_unready: false,
    },
    Probe {
        path: "/schema.json",
        id: "schema",
        summary: "The methods of the entry in the form that BentoML's client reads.",
        content_type: "application/json",
        may_be_unready: true,
    },
    Probe {
        path: "/docs.json",
        id: "docs",
        summary: "This document.",
        content_type: "application/json",
        may_be_unready: true,
    },
];

pub(super) fn paths() -> Map<String, Value> {
    PROBES.iter().map(|probe| (probe.path.into(), json!({ "get": probe.operation() }))).collect()
}

impl Probe {
    fn operation(&self) -> Value {
        let schema =
            if self.content_type == "text/plain" { json!({ "type": "string" }) } else { json!({ "type": "object" }) };
        let mut responses = Map::new();
        let content = json!({ self.content_type: { "schema": schema } });
        responses.insert("200".into(), json!({ "description": self.summary, "content": content }));
        if self.may_be_unready {
            responses.insert("503".into(), reference("responses", "unavailable"));
        }
        json!({ "tags": [PROCESS], "operationId": self.id, "summary": self.summary, "responses": responses })
    }
}
