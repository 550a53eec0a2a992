//! Tasks that end with the process: for tests, and for those who want no file.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use playhouse_actors::Encoded;

use super::{Store, StoreError};
use crate::tasks::id::TaskId;
use crate::tasks::record::{Change, Input, Outcome, Record};

/// Tasks that end with the process.
#[derive(Default)]
pub(in crate::tasks) struct MemoryStore(Mutex<Option<HashMap<TaskId, Kept>>>);

#[derive(Clone)]
struct Kept {
    record: Record,
    input: Encoded,
    outcome: Option<Outcome>,
}

impl MemoryStore {
    pub(in crate::tasks) fn new() -> Self {
        Self(Mutex::new(Some(HashMap::new())))
    }

    fn tasks(&self) -> MutexGuard<'_, Option<HashMap<TaskId, Kept>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, id: TaskId, read: impl FnOnce(&Kept) -> T) -> Result<T, StoreError> {
        let tasks = self.tasks();
        let tasks = tasks.as_ref().ok_or(StoreError::Closed)?;
        tasks.get(&id).map(read).ok_or_else(|| StoreError::Damaged(format!("task {id} is not there")))
    }
}

impl Store for MemoryStore {
    fn records(&self) -> Result<Vec<Record>, StoreError> {
        let tasks = self.tasks();
        let tasks = tasks.as_ref().ok_or(StoreError::Closed)?;
        Ok(tasks.values().map(|kept| kept.record.clone()).collect())
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut tasks = self.tasks();
        let tasks = tasks.as_mut().ok_or(StoreError::Closed)?;
        check(tasks, changes)?;
        for change in changes {
            apply(tasks, change);
        }
        Ok(())
    }

    fn input(&self, id: TaskId) -> Result<Encoded, StoreError> {
        self.read(id, |kept| kept.input.clone())
    }

    fn outcome(&self, id: TaskId) -> Result<Option<Outcome>, StoreError> {
        self.read(id, |kept| kept.outcome.clone())
    }

    fn close(&self) {
        *self.tasks() = None;
    }
}

/// Whether there is every input that a change takes over from another task, so that all can be applied.
fn check(tasks: &HashMap<TaskId, Kept>, changes: &[Change]) -> Result<(), StoreError> {
    for (index, change) in changes.iter().enumerate() {
        let Some(Input::Of(old)) = change.input else { continue };
        let made_before = changes[..index].iter().any(|other| other.id == old && other.input.is_some());
        if !made_before && !tasks.contains_key(&old) {
            return Err(StoreError::Damaged(format!("the input of task {old} is not there")));
        }
    }
    Ok(())
}

fn apply(tasks: &mut HashMap<TaskId, Kept>, change: &Change) {
    let Some(record) = &change.after else {
        tasks.remove(&change.id);
        return;
    };
    let record = Record::clone(record);
    match &change.input {
        Some(Input::Given(input)) => {
            tasks.insert(change.id, Kept { record, input: input.clone(), outcome: None });
        }
        Some(Input::Of(old)) => {
            if let Some(input) = tasks.get(old).map(|kept| kept.input.clone()) {
                tasks.insert(change.id, Kept { record, input, outcome: None });
            }
        }
        None => {
            if let Some(kept) = tasks.get_mut(&change.id) {
                kept.record = record;
                kept.outcome = change.outcome.clone().or(kept.outcome.take());
            }
        }
    }
}
