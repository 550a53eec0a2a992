//! What can go wrong with any call.

use serde_json::{Map, Value, json};

use super::components::reference;

/// The name of the schema of the answers to what went wrong.
pub(super) const SCHEMA: &str = "Problem";

/// An answer that says what went wrong.
struct Kind {
    status: &'static str,
    kind: &'static str,
    error: &'static str,
    description: &'static str,
    /// Whether `Retry-After` says when to try again.
    is_passing: bool,
}

const KINDS: &[Kind] = &[
    Kind {
        status: "400",
        kind: "rejected",
        error: "rows: expected f32 [_, 4], got f32 [1, 3]",
        description: "The arguments are not what the method takes. `field` names the one at fault.",
        is_passing: false,
    },
    Kind {
        status: "406",
        kind: "not_acceptable",
        error: "there is no answer of a type that `accept` names: it can be application/json, application/msgpack",
        description: "The result has no form that `accept` names. Nothing has run.",
        is_passing: false,
    },
    Kind {
        status: "408",
        kind: "too_slow",
        error: "nothing of the body has arrived for 30s",
        description: "The request did not arrive in time.",
        is_passing: false,
    },
    Kind {
        status: "413",
        kind: "too_large",
        error: "the body is larger than 104857600 bytes, the limit set by --max-body",
        description: "The body is larger than the limit.",
        is_passing: false,
    },
    Kind {
        status: "415",
        kind: "unsupported_media_type",
        error: "content-type \"application/xml\" is not understood",
        description: "The body's content type or encoding is none that the method takes.",
        is_passing: false,
    },
    Kind {
        status: "429",
        kind: "overloaded",
        error: "overloaded, try again in 50ms",
        description: "As many messages wait and run as the service admits. Nothing has run.",
        is_passing: true,
    },
    Kind {
        status: "500",
        kind: "service",
        error: "no species 7",
        description: "The method failed. `code` is the service's own name for it; `kind` is `panicked` after a panic.",
        is_passing: false,
    },
    Kind {
        status: "502",
        kind: "may_have_run",
        error: "the connection was lost after the call was sent",
        description: "It is not known whether the method has run.",
        is_passing: false,
    },
    Kind {
        status: "503",
        kind: "unavailable",
        error: "the services are starting, try again in a moment",
        description: "No replica takes calls at the moment. Nothing has run.",
        is_passing: true,
    },
    Kind {
        status: "504",
        kind: "deadline_exceeded",
        error: "the deadline has passed",
        description: "The answer was not there in time.",
        is_passing: false,
    },
];

/// The answers that a call can have beside its result, as references.
pub(super) fn of_a_call() -> Map<String, Value> {
    KINDS.iter().map(|kind| (kind.status.into(), reference("responses", kind.kind))).collect()
}

pub(super) fn responses() -> Map<String, Value> {
    KINDS.iter().map(|kind| (kind.kind.into(), kind.response())).collect()
}

impl Kind {
    fn response(&self) -> Value {
        let mut response = json!({
            "description": self.description,
            "content": { "application/json": {
                "schema": reference("schemas", SCHEMA),
                "example": { "error": self.error, "kind": self.kind },
            } },
        });
        if self.is_passing {
            response["headers"] = json!({ "retry-after": {
                "description": "Seconds to wait before the next try.",
                "schema": { "type": "integer", "minimum": 1 },
            } });
        }
        response
    }
}

pub(super) fn schema() -> Value {
    json!({
        "title": SCHEMA,
        "description": "What went wrong.",
        "type": "object",
        "properties": {
            "error": { "type": "string", "description": "For people: what was wrong, where, what was expected." },
            "kind": { "type": "string", "description": "For programs: what the caller can do depends on it." },
            "field": { "type": "string", "description": "The argument at fault." },
            "code": { "type": "string", "description": "The service's own name for the error." },
            "details": { "type": "string", "description": "What else the service says of it." },
        },
        "required": ["error", "kind"],
    })
}
