//! What is said of a task, in BentoML's words.

use schemars::JsonSchema;
use serde::Serialize;

use crate::tasks::{Record, State, TaskId};

/// A task that was asked for: what it is called from now on.
#[derive(Serialize, JsonSchema)]
pub(in crate::gateway) struct Accepted {
    /// Names the task; 32 hexadecimal digits.
    task_id: String,
    #[schemars(with = "Name")]
    status: &'static str,
}

/// How far a task has come.
#[derive(Serialize, JsonSchema)]
pub(in crate::gateway) struct Status {
    /// Names the task; 32 hexadecimal digits.
    task_id: String,
    #[schemars(with = "Name")]
    status: &'static str,
    /// When it was submitted, in UTC, as 2026-11-23T04:46:37.
    created_at: String,
    /// When it began to run, if it has.
    executed_at: Option<String>,
    /// When it ended, if it has.
    finished_at: Option<String>,
}

/// The names of the states, for the schema alone.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is of interest")]
enum Name {
    InProgress,
    Pending,
    Completed,
    Failed,
    Canceled,
}

impl Accepted {
    /// BentoML says of every task that it takes that it is in progress, and so do we.
    pub(super) fn new(id: TaskId) -> Self {
        Self { task_id: id.to_string(), status: State::InProgress.name() }
    }

    pub(super) fn canceled(id: TaskId) -> Self {
        Self { task_id: id.to_string(), status: State::Canceled.name() }
    }
}

impl Status {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            task_id: record.id.to_string(),
            status: record.state.name(),
            created_at: record.created_at.to_string(),
            executed_at: record.executed_at.map(|moment| moment.to_string()),
            finished_at: record.finished_at.map(|moment| moment.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::schema_for;

    use super::*;

    #[test]
    fn the_schema_names_every_state() {
        let schema = schema_for!(Status);
        let named = schema.as_value()["properties"]["status"]["enum"].as_array().unwrap();
        let states = [State::Pending, State::InProgress, State::Completed, State::Failed, State::Canceled];
        assert_eq!(named.len(), states.len());
        for state in states {
            assert!(named.iter().any(|name| name == state.name()), "{state}");
        }
    }
}
