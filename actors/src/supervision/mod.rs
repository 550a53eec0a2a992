//! Keeps groups' workers running: starts them, notices their end, starts them again or gives up for a while.

pub(crate) mod restarts;
pub(crate) mod supervised;
pub(crate) mod supervisor;
mod watch;

pub use supervised::{GroupFailure, GroupStatus};
