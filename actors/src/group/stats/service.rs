//! What a service has done in this process, over all its groups.

use super::{GroupStats, MethodStats};
use crate::description::ServiceDescription;
use crate::group::Group;
use crate::supervision::GroupStatus;

/// What a service has done in this process: over all its groups, those that have ended among them, so that what is
/// counted never falls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStats {
    /// The service's name.
    pub service: &'static str,
    /// How many groups there are, by how they fare.
    pub groups: StatusCounts,
    /// Workers that there should be.
    pub workers: usize,
    /// Workers that are up and, by the word of the service, ready.
    pub workers_ready: usize,
    /// Messages that all workers can run at a time.
    pub slots: usize,
    /// Messages that run.
    pub running: usize,
    /// Messages that wait.
    pub depth: usize,
    /// Messages that wait or run.
    pub admitted: usize,
    /// The bound of `admitted`.
    pub max_concurrency: usize,
    /// Panics in methods.
    pub panicked: u64,
    /// Workers started again.
    pub restarted: u64,
    /// What the calls of each method came to.
    pub methods: Vec<MethodStats>,
}

/// How many groups fare in each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusCounts {
    /// No worker has been ready yet.
    pub starting: usize,
    /// At least one worker takes messages.
    pub up: usize,
    /// Workers failed more often than the restart settings allow.
    pub failed: usize,
    /// All workers have ended, as was asked.
    pub stopped: usize,
}

impl ServiceStats {
    /// A service of which no group has run yet.
    #[must_use]
    pub fn new(description: &ServiceDescription) -> Self {
        Self {
            service: description.name,
            groups: StatusCounts::default(),
            workers: 0,
            workers_ready: 0,
            slots: 0,
            running: 0,
            depth: 0,
            admitted: 0,
            max_concurrency: 0,
            panicked: 0,
            restarted: 0,
            methods: description.methods.iter().map(MethodStats::new).collect(),
        }
    }

    /// Adds a group that is there, with what it has at this moment.
    pub(crate) fn add(&mut self, group: &Group, status: &GroupStatus) {
        self.groups.add(status);
        let config = group.config();
        self.workers += config.workers;
        self.workers_ready += group.workers_ready();
        self.slots += config.workers * config.slots;
        self.admitted += group.admission.admitted();
        self.max_concurrency += config.max_concurrency;
        let stats = self.add_counted(group);
        self.running += stats.in_flight;
        self.depth += stats.depth;
        for (index, method) in self.methods.iter_mut().enumerate() {
            method.streams += group.streams(index);
        }
    }

    /// Adds what a group has counted.
    pub(crate) fn add_counted(&mut self, group: &Group) -> GroupStats {
        let stats = group.stats();
        self.panicked += stats.panicked;
        self.restarted += stats.restarted;
        for (index, method) in self.methods.iter_mut().enumerate() {
            group.add_method_to(index, method);
        }
        stats
    }
}

impl StatusCounts {
    fn add(&mut self, status: &GroupStatus) {
        *match status {
            GroupStatus::Starting => &mut self.starting,
            GroupStatus::Up => &mut self.up,
            GroupStatus::Failed(_) => &mut self.failed,
            GroupStatus::Stopped => &mut self.stopped,
        } += 1;
    }
}
