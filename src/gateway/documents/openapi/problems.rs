//! What can go wrong.

use serde_json::{Map, Value, json};

use super::components::reference;

/// The name of the schema of the answers to what went wrong.
pub(super) const SCHEMA: &str = "playhouse.Problem";

/// An answer that says what went wrong.
struct Kind {
    /// What it is called among the components: as a rule its `kind`.
    name: &'static str,
    status: &'static str,
    kind: &'static str,
    error: &'static str,
    description: &'static str,
    /// Whether `Retry-After` says when to try again.
    is_passing: bool,
}

/// What can go wrong with a call.
const OF_A_CALL: &[Kind] = &[
    Kind {
        name: "rejected",
        status: "400",
        kind: "rejected",
        error: "rows: expected f32 [_, 4], got f32 [1, 3]",
        description: "The arguments are not what the method takes. `field` names the one at fault.",
        is_passing: false,
    },
    Kind {
        name: "not_acceptable",
        status: "406",
        kind: "not_acceptable",
        error: "there is no answer of a type that `accept` names: it can be application/json, application/msgpack",
        description: "The result has no form that `accept` names. Nothing has run.",
        is_passing: false,
    },
    Kind {
        name: "too_slow",
        status: "408",
        kind: "too_slow",
        error: "nothing of the body has arrived for 30s",
        description: "The request did not arrive in time.",
        is_passing: false,
    },
    Kind {
        name: "too_large",
        status: "413",
        kind: "too_large",
        error: "the body is larger than 104857600 bytes, the limit set by --max-body",
        description: "The body is larger than the limit.",
        is_passing: false,
    },
    Kind {
        name: "unsupported_media_type",
        status: "415",
        kind: "unsupported_media_type",
        error: "content-type \"application/xml\" is not understood",
        description: "The body's content type or encoding is none that the method takes.",
        is_passing: false,
    },
    Kind {
        name: "overloaded",
        status: "429",
        kind: "overloaded",
        error: "overloaded, try again in 50ms",
        description: "As many messages wait and run as the service admits. Nothing has run.",
        is_passing: true,
    },
    Kind {
        name: "service",
        status: "500",
        kind: "service",
        error: "no species 7",
        description: "The method failed. `code` is the service's own name for it; `kind` is `panicked` after a panic.",
        is_passing: false,
    },
    Kind {
        name: "may_have_run",
        status: "502",
        kind: "may_have_run",
        error: "the connection was lost after the call was sent",
        description: "It is not known whether the method has run.",
        is_passing: false,
    },
    Kind {
        name: "unavailable",
        status: "503",
        kind: "unavailable",
        error: "the services are starting, try again in a moment",
        description: "No replica takes calls at the moment. Nothing has run.",
        is_passing: true,
    },
    Kind {
        name: "deadline_exceeded",
        status: "504",
        kind: "deadline_exceeded",
        error: "the deadline has passed",
        description: "The answer was not there in time.",
        is_passing: false,
    },
];

/// What can go wrong besides with what is asked of tasks.
const OF_TASKS: &[Kind] = &[
    Kind {
        name: "not_in_time",
        status: "400",
        kind: "not_completed",
        error: "task 3fe33dcd88cf4cc4b12462b7e2df1233 is not completed yet",
        description: "`task_id` is missing (`kind` is `no_task_id`), or the task has not come far enough for this \
                      (`not_completed`), or too far (`has_ended`, `canceled`). Nothing has changed.",
        is_passing: false,
    },
    Kind {
        name: "unknown_task",
        status: "404",
        kind: "not_found",
        error: "task_id not found",
        description: "There is no such task of this method, or its time is over.",
        is_passing: false,
    },
    Kind {
        name: "store_full",
        status: "507",
        kind: "store_full",
        error: "the task store is full: it holds 1073741824 bytes",
        description: "The store of tasks has no room. Those that have ended make some when their retention is over.",
        is_passing: false,
    },
];

/// What can go wrong where tokens are asked for.
const WITHOUT_TOKEN: Kind = Kind {
    name: "unauthorized",
    status: "401",
    kind: "unauthorized",
    error: "a token is needed: send it as `authorization: Bearer <token>`",
    description: "The token is missing, or not known here. Nothing has run.",
    is_passing: false,
};

/// The answers that a call can have beside its result, as references.
pub(super) fn of_a_call() -> Map<String, Value> {
    OF_A_CALL.iter().map(Kind::reference).collect()
}

/// Some answers, as references.
pub(super) fn named(names: &[&str]) -> Map<String, Value> {
    let kind = |name: &&str| all().find(|kind| kind.name == *name).expect("one of the names above").reference();
    names.iter().map(kind).collect()
}

pub(super) fn responses() -> Map<String, Value> {
    all().map(|kind| (kind.name.into(), kind.response())).collect()
}

fn all() -> impl Iterator<Item = &'static Kind> {
    OF_A_CALL.iter().chain(OF_TASKS).chain([&WITHOUT_TOKEN])
}

impl Kind {
    fn reference(&self) -> (String, Value) {
        (self.status.into(), reference("responses", self.name))
    }

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
        "title": "Problem",
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
