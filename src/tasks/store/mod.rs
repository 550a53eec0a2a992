//! Where tasks are kept: one seam, two implementations.
//!
//! What is written is durable when the call returns, all of it or nothing. All calls block.

mod encoding;
mod file;
mod memory;
#[cfg(test)]
mod tests;

use playhouse_actors::Encoded;

pub(super) use self::file::FileStore;
pub(super) use self::memory::MemoryStore;
use super::id::TaskId;
use super::record::{Change, Outcome, Record};

/// Where tasks are kept.
pub(super) trait Store: Send + Sync {
    /// Everything that is known, in any order. Asked once, at the start.
    fn records(&self) -> Result<Vec<Record>, StoreError>;

    /// Writes changes in their order: all of them or none.
    ///
    /// When it has failed, nothing has changed, and it may be tried again.
    fn commit(&self, changes: &[Change]) -> Result<(), StoreError>;

    /// The input of a task.
    fn input(&self, id: TaskId) -> Result<Encoded, StoreError>;

    /// What a task ended with, if it has ended by itself.
    fn outcome(&self, id: TaskId) -> Result<Option<Outcome>, StoreError>;

    /// Lets go of what it holds open. Whatever is asked afterwards fails.
    fn close(&self);
}

/// Why something was not written or read.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum StoreError {
    /// The disk is full, or what the process may use of it.
    #[error("the disk is full: {0}")]
    Full(String),
    /// What should be there is not, or is not what it should be.
    #[error("damaged: {0}")]
    Damaged(String),
    /// Anything else that the disk says.
    #[error("{0}")]
    Failed(String),
    /// It was closed.
    #[error("it is closed")]
    Closed,
}
