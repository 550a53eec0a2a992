//! What is known of a task beside its input and its result.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use playhouse_actors::{Codec, Encoded, Error};
use serde::{Deserialize, Serialize};

use super::clock::Timestamp;
use super::id::TaskId;
use super::state::{Event, State};

/// The method that a task is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct MethodName {
    pub(crate) service: Box<str>,
    pub(crate) method: Box<str>,
}

impl MethodName {
    pub(crate) fn new(service: &str, method: &str) -> Arc<Self> {
        Arc::new(Self { service: service.into(), method: method.into() })
    }
}

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.service, self.method)
    }
}

/// What is known of a task beside its input and its result. A value: a change makes another one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: TaskId,
    pub(crate) method: Arc<MethodName>,
    /// The codec in which the result is kept.
    pub(super) reply: Codec,
    /// The order in which tasks came.
    pub(super) sequence: u64,
    pub(crate) state: State,
    /// How often it has been started, without those starts of which its service knows nothing.
    pub(super) attempts: u32,
    pub(crate) created_at: Timestamp,
    /// When it was started last.
    pub(crate) executed_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    /// When it is forgotten.
    pub(super) expires_at: Option<Timestamp>,
    pub(super) input_bytes: u64,
    pub(super) outcome_bytes: u64,
}

impl Record {
    /// The record after an event; `None` where the event cannot be.
    pub(super) fn after(&self, event: Event, now: Timestamp) -> Option<Self> {
        let mut next = Self { state: self.state.after(event)?, ..self.clone() };
        match event {
            Event::Start => {
                next.attempts += 1;
                next.executed_at = Some(now);
            }
            Event::Return => {
                next.attempts = next.attempts.saturating_sub(1);
                next.executed_at = None;
            }
            Event::Lose => {}
            Event::Complete | Event::Fail | Event::Cancel => next.finished_at = Some(now),
        }
        Some(next)
    }

    /// The record of an ended task, to be forgotten when `retention` has passed since its end.
    pub(super) fn kept_for(self, retention: Duration) -> Self {
        Self { expires_at: self.finished_at.map(|ended| ended.after(retention)), ..self }
    }

    /// What it takes of the store.
    pub(super) fn bytes(&self) -> u64 {
        self.input_bytes + self.outcome_bytes
    }
}

/// What a task is given.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Input {
    Given(Encoded),
    /// The same as another one.
    Of(TaskId),
}

/// What a task ended with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Reply(Encoded),
    Error(Error),
}

impl Outcome {
    /// What it takes of the store: that of an error is bounded by those who make errors, and not worth a measurement.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Reply(reply) => reply.len() as u64,
            Self::Error(_) => 0,
        }
    }
}

/// One change of what is stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) id: TaskId,
    /// What was known before; `None` if nothing.
    pub(super) before: Option<Arc<Record>>,
    /// What is known now; `None` if the task is forgotten, with all that belongs to it.
    pub(super) after: Option<Arc<Record>>,
    /// That of a new task.
    pub(super) input: Option<Input>,
    /// That of a task which has ended by itself.
    pub(super) outcome: Option<Outcome>,
}
