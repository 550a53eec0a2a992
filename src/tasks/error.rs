//! What can go wrong with a task before it runs, and with the store of all.

use std::path::PathBuf;
use std::sync::Arc;

use super::id::TaskId;
use super::record::MethodName;
use super::state::State;

/// Why something asked of a task was not done. Nothing has changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum TaskError {
    /// It never was, its time is over, or it is another method's.
    #[error("task_id not found")]
    NotFound,
    /// Its result was wanted, or another run, and it waits or runs.
    #[error("task {0} is not completed yet")]
    NotEnded(TaskId),
    /// It was to be cancelled.
    #[error("task {id} cannot be canceled: it is {state} already")]
    HasEnded {
        /// Which one.
        id: TaskId,
        /// How it ended.
        state: State,
    },
    /// Its result was wanted.
    #[error("task {0} was canceled: it has no result")]
    Canceled(TaskId),
    /// As many tasks of the method as it allows have not ended.
    #[error("{max} tasks of {method} wait or run, the most that it takes (max_unfinished): try again later")]
    TooMany {
        /// The method.
        method: Arc<MethodName>,
        /// Its bound.
        max: usize,
    },
    /// More was asked at this moment than can be written down.
    #[error("more is asked of the task store than it can write down, try again in a moment")]
    Busy,
    /// The store has reached one of its limits, or the disk is full.
    #[error("the task store is full: {0}. Tasks that have ended make room when their retention is over")]
    Full(String),
    /// The method takes no tasks here.
    #[error("{0} takes no tasks here")]
    NotOffered(Arc<MethodName>),
    /// The process is about to end.
    #[error("this process is ending and takes nothing new: try again")]
    Ending,
    /// The store does not work at this moment.
    #[error("the task store does not work: {0}")]
    Store(String),
}

/// Why the store of tasks could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskStoreError {
    /// Neither `PLAYHOUSE_HOME` nor a home directory is there.
    #[error("tasks need a place on disk: set PLAYHOUSE_HOME, or give one with --task-store")]
    NoHome,
    /// Another process has it open.
    #[error(
        "the task store {} is in use by another process: end that one, or give this one a store of its own with --task-store",
        path.display()
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a later version.
    #[error(
        "the task store {} has format {found}, this program reads {known}: run the version that wrote it, or move the \
         file away",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// What is read here.
        known: u64,
    },
    /// It is not a store, or is damaged.
    #[error(
        "the task store {} cannot be read: {reason}. Restore it from a copy, or move it away to begin with none",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file or its folder cannot be written.
    #[error("the task store {} cannot be opened: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The operating system gave no thread.
    #[error("cannot start the thread of the tasks: {0}")]
    Thread(std::io::Error),
}
