//! What is stored of tasks, for everybody to look at without waiting: changed when a change is on disk, never before.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::id::TaskId;
use super::record::{Change, MethodName, Record};
use super::state::State;

/// How many tasks of a method are where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskCounts {
    /// The name of the service.
    pub service: String,
    /// The name of the method.
    pub method: String,
    /// Those that wait for their turn now.
    pub pending: u64,
    /// Those that run now.
    pub in_progress: u64,
    /// Those that have ended with a result since the process began. Like the next two, it never falls.
    pub completed: u64,
    /// Those that have ended with an error since the process began.
    pub failed: u64,
    /// Those that were withdrawn since the process began.
    pub canceled: u64,
}

impl TaskCounts {
    fn of(method: &MethodName) -> Self {
        Self { service: method.service.to_string(), method: method.method.to_string(), ..Self::default() }
    }

    /// The number for a state.
    fn of_state(&mut self, state: State) -> &mut u64 {
        match state {
            State::Pending => &mut self.pending,
            State::InProgress => &mut self.in_progress,
            State::Completed => &mut self.completed,
            State::Failed => &mut self.failed,
            State::Canceled => &mut self.canceled,
        }
    }
}

/// What is stored of tasks.
#[derive(Default)]
pub(super) struct View(RwLock<Seen>);

#[derive(Default)]
struct Seen {
    tasks: HashMap<TaskId, Arc<Record>>,
    counts: BTreeMap<Arc<MethodName>, TaskCounts>,
}

impl View {
    pub(super) fn new<'a>(records: impl Iterator<Item = &'a Arc<Record>>) -> Self {
        let mut seen = Seen::default();
        for record in records {
            seen.tasks.insert(record.id, Arc::clone(record));
            if !record.state.has_ended() {
                *seen.count(record) += 1;
            }
        }
        Self(RwLock::new(seen))
    }

    pub(super) fn get(&self, id: TaskId) -> Option<Arc<Record>> {
        self.read().tasks.get(&id).cloned()
    }

    /// In the order of the methods' names.
    pub(super) fn counts(&self) -> Vec<TaskCounts> {
        self.read().counts.values().cloned().collect()
    }

    /// A method whose tasks are counted from now on.
    pub(super) fn offer(&self, method: &Arc<MethodName>) {
        self.write().counts.entry(Arc::clone(method)).or_insert_with(|| TaskCounts::of(method));
    }

    pub(super) fn apply(&self, changes: &[Change]) {
        let mut seen = self.write();
        for Change { id, before, after, .. } in changes {
            if let Some(before) = before.as_ref().filter(|before| !before.state.has_ended()) {
                *seen.count(before) -= 1;
            }
            match after {
                Some(after) => {
                    *seen.count(after) += 1;
                    seen.tasks.insert(*id, Arc::clone(after));
                }
                None => drop(seen.tasks.remove(id)),
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Seen> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Seen> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Where tasks like this one are counted.
    fn count(&mut self, record: &Record) -> &mut u64 {
        let counts = self.counts.entry(Arc::clone(&record.method)).or_insert_with(|| TaskCounts::of(&record.method));
        counts.of_state(record.state)
    }
}
