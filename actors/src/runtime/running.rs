//! A group of this process, as others see it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::bindings::Dependency;
use crate::group::Group;
use crate::supervision::GroupStatus;

/// A group of this process.
#[derive(Clone)]
pub struct RunningGroup {
    pub(super) group: Arc<Group>,
    pub(super) status: watch::Receiver<GroupStatus>,
    pub(super) dependencies: Arc<[Dependency]>,
}

impl RunningGroup {
    /// The group itself: its name, settings and statistics.
    #[must_use]
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// How it fares at this moment.
    #[must_use]
    pub fn status(&self) -> GroupStatus {
        self.status.borrow().clone()
    }

    /// What it depends on that is bound to URLs, in the order of its constructor.
    #[must_use]
    pub fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }

    /// Whether it has a worker that can be sent messages, by the word of the service itself.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status() == GroupStatus::Up && self.group.is_ready()
    }
}
