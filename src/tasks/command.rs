//! What the driver is told.

use std::sync::Arc;

use playhouse_actors::{Codec, Encoded};
use tokio::sync::oneshot;

use super::error::TaskError;
use super::id::TaskId;
use super::queue::Rules;
use super::record::MethodName;
use super::run::Runner;

/// Where the outcome of a command goes, when it is on disk. The asker may have gone: what was asked happens even so.
pub(super) type Answer = oneshot::Sender<Result<TaskId, TaskError>>;

/// A method whose tasks are run here.
pub(super) struct Offered {
    pub(super) method: Arc<MethodName>,
    pub(super) rules: Rules,
    pub(super) runner: Runner,
}

/// What the driver is told.
pub(super) enum Command {
    Submit {
        method: Arc<MethodName>,
        input: Encoded,
        reply: Codec,
        answer: Answer,
    },
    Retry {
        id: TaskId,
        answer: Answer,
    },
    Cancel {
        id: TaskId,
        answer: Answer,
    },
    /// Takes tasks for these methods.
    Offer(Vec<Offered>),
    /// Starts nothing new.
    Pause,
    /// Ends, when what runs has ended or the grace is over.
    End(oneshot::Sender<()>),
}
