//! What can be asked of the tasks of a method.

use schemars::schema_for;
use serde_json::{Map, Value, json};

use super::components::{Components, reference};
use super::operation::Operation;
use super::{content, problems};
use crate::gateway::tasks::{Accepted, Action, Status};

/// An id that looks like one.
const ID: &str = "3fe33dcd88cf4cc4b12462b7e2df1233";

/// The operation of one path of a task, with its verb.
pub(super) fn operation(action: Action, of: &Operation<'_>, components: &mut Components) -> Value {
    let mut operation = of.named(&format!("__{}", action.name()));
    operation["summary"] = summary(action, of.method.name).into();
    match action {
        Action::Submit => {
            operation["parameters"] = content::parameters(of.method).into();
            operation["requestBody"] = of.body();
        }
        _ => operation["parameters"] = json!([reference("parameters", "task_id")]),
    }
    let mut responses = answers(action, of, components);
    responses.extend(problems(action));
    operation["responses"] = responses.into();
    json!({ verb(action): operation })
}

/// The parameter that names a task.
pub(super) fn id() -> Value {
    json!({
        "name": "task_id",
        "in": "query",
        "required": true,
        "description": "What the task was called when it was submitted.",
        "schema": { "type": "string", "examples": [ID] },
    })
}

fn verb(action: Action) -> String {
    let (first, _) = action.allowed().split_once(',').unwrap_or((action.allowed(), ""));
    first.to_ascii_lowercase()
}

fn summary(action: Action, method: &str) -> String {
    match action {
        Action::Submit => format!("Submits a task: {method} runs later, and its result is kept."),
        Action::Status => format!("How far a task of {method} has come."),
        Action::Get => format!("The result of a task of {method}, or its error."),
        Action::Retry => format!("Submits a task of {method} again that has ended, as a task of its own."),
        Action::Cancel => format!("Cancels a task of {method} that waits or runs."),
    }
}

/// The answers that say that it went well.
fn answers(action: Action, of: &Operation<'_>, components: &mut Components) -> Map<String, Value> {
    let (schema, example, description) = match action {
        Action::Get => return of.answers(),
        Action::Status => {
            let schema = components.add("playhouse.TaskStatus", schema_for!(Status).as_value());
            let example = json!({
                "task_id": ID,
                "status": "in_progress",
                "created_at": "2026-11-23T04:46:37",
                "executed_at": "2026-11-23T04:46:37",
                "finished_at": null,
            });
            (schema, example, "How far it has come.")
        }
        Action::Submit | Action::Retry | Action::Cancel => {
            let schema = components.add("playhouse.TaskAccepted", schema_for!(Accepted).as_value());
            let (status, description) = match action {
                Action::Cancel => ("canceled", "Nobody will see a result of it."),
                _ => ("in_progress", "The task is on disk, and runs when it is its turn."),
            };
            (schema, json!({ "task_id": ID, "status": status }), description)
        }
    };
    let content = json!({ "application/json": { "schema": schema, "example": example } });
    Map::from_iter([("200".to_owned(), json!({ "description": description, "content": content }))])
}

/// What can go wrong.
fn problems(action: Action) -> Map<String, Value> {
    match action {
        Action::Submit => problems::named(&[
            "rejected",
            "not_acceptable",
            "too_slow",
            "too_large",
            "unsupported_media_type",
            "overloaded",
            "unavailable",
            "store_full",
        ]),
        Action::Status => problems::named(&["not_in_time", "unknown_task", "unavailable"]),
        Action::Get => {
            let mut problems = problems::of_a_call();
            problems.extend(problems::named(&["not_in_time", "unknown_task"]));
            problems
        }
        Action::Retry => problems::named(&["not_in_time", "unknown_task", "overloaded", "unavailable", "store_full"]),
        Action::Cancel => problems::named(&["not_in_time", "unknown_task", "unavailable"]),
    }
}
