//! All tasks and what may happen to them: pure. The clock, the disk and the services are the driver's.
//!
//! A call changes the ledger at once and notes what it changed. The driver takes the changes to the store, and only when
//! they are there tells anybody; if they do not get there, it has them undone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use playhouse_actors::{Codec, Error};

use super::clock::Timestamp;
use super::error::TaskError;
use super::id::TaskId;
use super::queue::{Queue, Rules};
use super::record::{Change, Input, MethodName, Outcome, Record};
use super::state::{Event, State};

/// How often a task is started that is lost in the middle each time. It may be what ends the process.
pub(super) const ATTEMPTS_MAX: u32 = 5;

/// How long tasks are kept of whose method nothing is known.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// How much is stored at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) tasks: usize,
    /// Inputs and results together. What runs may end beyond it: results are not thrown away.
    pub(super) bytes: u64,
}

/// A task that is to be.
pub(super) struct Submission {
    pub(super) id: TaskId,
    pub(super) method: Arc<MethodName>,
    pub(super) input: Input,
    pub(super) input_bytes: u64,
    pub(super) reply: Codec,
}

/// All tasks and what may happen to them.
pub(super) struct Ledger {
    limits: Limits,
    tasks: HashMap<TaskId, Arc<Record>>,
    /// In an order, so that the same calls start the same tasks.
    queues: BTreeMap<Arc<MethodName>, Queue>,
    expiries: BTreeSet<(Timestamp, TaskId)>,
    bytes: u64,
    sequence: u64,
    changes: Vec<Change>,
}

impl Ledger {
    /// A ledger of what was found in the store. What ran then has been lost.
    pub(super) fn new(limits: Limits, records: Vec<Record>) -> Self {
        let mut ledger = Self {
            limits,
            tasks: HashMap::with_capacity(records.len()),
            queues: BTreeMap::new(),
            expiries: BTreeSet::new(),
            bytes: 0,
            sequence: 0,
            changes: Vec::new(),
        };
        for mut record in records {
            // One name for all tasks of a method.
            if let Some((name, _)) = ledger.queues.get_key_value(&record.method) {
                record.method = Arc::clone(name);
            }
            ledger.sequence = ledger.sequence.max(record.sequence);
            ledger.put(record.id, Some(Arc::new(record)));
        }
        ledger
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.tasks.values()
    }

    /// Takes tasks for a method from now on. Those that ran when the process before this one ended are lost: they wait
    /// again, or have failed.
    pub(super) fn offer(&mut self, method: &Arc<MethodName>, rules: Rules, now: Timestamp) {
        let known = self.queues.entry(Arc::clone(method)).or_default().rules.replace(rules).is_some();
        if known {
            return;
        }
        for id in self.in_progress(|record| record.method == *method) {
            self.lose(id, interrupted("the process that ran it has ended"), now);
        }
    }

    /// The methods of stored tasks that nobody offers, with how many tasks have not ended.
    pub(super) fn orphans(&self) -> impl Iterator<Item = (&Arc<MethodName>, usize)> {
        let orphans = self.queues.iter().filter(|(_, queue)| queue.rules.is_none());
        orphans.map(|(method, queue)| (method, queue.unfinished())).filter(|(_, unfinished)| *unfinished > 0)
    }

    /// Adds a task.
    ///
    /// # Errors
    /// When there is no room, or the method is not offered.
    pub(super) fn submit(&mut self, submission: Submission, now: Timestamp) -> Result<(), TaskError> {
        let Submission { id, method, input, input_bytes, reply } = submission;
        let queue = self.queues.get(&method);
        let Some((queue, rules)) = queue.and_then(|queue| Some((queue, queue.rules?))) else {
            return Err(TaskError::NotOffered(method));
        };
        if queue.unfinished() >= rules.max_unfinished {
            return Err(TaskError::TooMany { method, max: rules.max_unfinished });
        }
        if self.tasks.len() >= self.limits.tasks {
            return Err(TaskError::Full(format!("{} tasks are kept", self.limits.tasks)));
        }
        if self.bytes.saturating_add(input_bytes) > self.limits.bytes {
            let message = format!("{} of {} bytes are taken, {input_bytes} are wanted", self.bytes, self.limits.bytes);
            return Err(TaskError::Full(message));
        }
        self.sequence += 1;
        let record = Record {
            id,
            method,
            reply,
            sequence: self.sequence,
            state: State::Pending,
            attempts: 0,
            created_at: now,
            executed_at: None,
            finished_at: None,
            expires_at: None,
            input_bytes,
            outcome_bytes: 0,
        };
        self.change(record, Some(input), None);
        Ok(())
    }

    /// Adds a task with the input of one that has ended.
    ///
    /// # Errors
    /// When that one is unknown or has not ended; and as [`Ledger::submit`].
    pub(super) fn retry(&mut self, old: TaskId, id: TaskId, now: Timestamp) -> Result<(), TaskError> {
        let record = self.tasks.get(&old).ok_or(TaskError::NotFound)?;
        if !record.state.has_ended() {
            return Err(TaskError::NotEnded(old));
        }
        let submission = Submission {
            id,
            method: Arc::clone(&record.method),
            input: Input::Of(old),
            input_bytes: record.input_bytes,
            reply: record.reply,
        };
        self.submit(submission, now)
    }

    /// Withdraws a task.
    ///
    /// # Errors
    /// When it is unknown or has ended.
    pub(super) fn cancel(&mut self, id: TaskId, now: Timestamp) -> Result<(), TaskError> {
        let record = self.tasks.get(&id).ok_or(TaskError::NotFound)?;
        let state = record.state;
        self.happen(id, Event::Cancel, None, now).ok_or(TaskError::HasEnded { id, state })
    }

    /// Starts the tasks whose turn it is, of each method the oldest first.
    pub(super) fn start(&mut self, now: Timestamp) -> Vec<TaskId> {
        let mut started = Vec::new();
        let methods: Vec<_> = self.queues.keys().cloned().collect();
        for method in methods {
            while let Some(id) = self.queues.get(&method).and_then(|queue| queue.turn(now)) {
                if self.happen(id, Event::Start, None, now).is_none() {
                    break;
                }
                started.push(id);
            }
        }
        started
    }

    /// Ends a task that ran. Nothing happens to one that does not run any more.
    pub(super) fn end(&mut self, id: TaskId, outcome: Outcome, now: Timestamp) {
        let event = match outcome {
            Outcome::Reply(_) => Event::Complete,
            Outcome::Error(_) => Event::Fail,
        };
        if self.happen(id, event, Some(outcome), now).is_some() {
            self.with_queue(id, Queue::release);
        }
    }

    /// Takes a task back that its service proved not to have begun, and starts no other for a while.
    pub(super) fn give_back(&mut self, id: TaskId, pause: Duration, now: Timestamp) {
        if self.happen(id, Event::Return, None, now).is_some() {
            self.with_queue(id, |queue| queue.hold(pause, now));
        }
    }

    /// Takes note that a task was lost in the middle: it waits again if its method allows that, otherwise it has failed.
    pub(super) fn lose(&mut self, id: TaskId, error: Error, now: Timestamp) {
        let Some(record) = self.tasks.get(&id) else { return };
        let rules = self.queues.get(&record.method).and_then(|queue| queue.rules);
        let again = rules.is_some_and(|rules| rules.idempotent) && record.attempts < ATTEMPTS_MAX;
        if again {
            self.happen(id, Event::Lose, None, now);
        } else {
            self.happen(id, Event::Fail, Some(Outcome::Error(error)), now);
        }
    }

    /// Loses everything that still runs, since the process ends.
    pub(super) fn lose_all(&mut self, now: Timestamp) {
        for id in self.in_progress(|_| true) {
            self.lose(id, interrupted("the process was ended while it ran"), now);
        }
    }

    /// Forgets tasks whose time is over, `most` at a time.
    pub(super) fn purge(&mut self, most: usize, now: Timestamp) {
        for _ in 0..most {
            let Some(&(when, id)) = self.expiries.first() else { return };
            if when > now {
                return;
            }
            let before = self.put(id, None);
            self.changes.push(Change { id, before, after: None, input: None, outcome: None });
        }
    }

    /// When there is something to do for the passing of time alone.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let expiry = self.expiries.first().map(|(when, _)| *when);
        self.queues.values().filter_map(Queue::wake_at).chain(expiry).min()
    }

    /// What has changed since this was asked last, in the order of its happening.
    pub(super) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Makes as if the latest changes had not been.
    pub(super) fn undo(&mut self, changes: &[Change]) {
        for change in changes.iter().rev() {
            self.put(change.id, change.before.clone());
        }
    }

    /// Lets something happen to a task, if it can.
    fn happen(&mut self, id: TaskId, event: Event, outcome: Option<Outcome>, now: Timestamp) -> Option<()> {
        let mut next = self.tasks.get(&id)?.after(event, now)?;
        if next.state.has_ended() {
            let rules = self.queues.get(&next.method).and_then(|queue| queue.rules);
            next.outcome_bytes = outcome.as_ref().map_or(0, Outcome::bytes);
            next = next.kept_for(rules.map_or(RETENTION, |rules| rules.retention));
        }
        self.change(next, None, outcome);
        Some(())
    }

    fn change(&mut self, next: Record, input: Option<Input>, outcome: Option<Outcome>) {
        let (id, after) = (next.id, Some(Arc::new(next)));
        let before = self.put(id, after.clone());
        self.changes.push(Change { id, before, after, input, outcome });
    }

    /// The one place where a record comes and goes, and with it everything that is counted of it.
    fn put(&mut self, id: TaskId, record: Option<Arc<Record>>) -> Option<Arc<Record>> {
        let before = self.tasks.remove(&id);
        if let Some(before) = &before {
            self.queues.entry(Arc::clone(&before.method)).or_default().leave(before);
            before.expires_at.map(|when| self.expiries.remove(&(when, id)));
            self.bytes -= before.bytes();
        }
        if let Some(record) = record {
            self.queues.entry(Arc::clone(&record.method)).or_default().enter(&record);
            self.expiries.extend(record.expires_at.map(|when| (when, id)));
            self.bytes += record.bytes();
            self.tasks.insert(id, record);
        }
        before
    }

    fn in_progress(&self, wanted: impl Fn(&Record) -> bool) -> Vec<TaskId> {
        let running = self.tasks.values().filter(|record| record.state == State::InProgress && wanted(record));
        let mut running: Vec<_> = running.map(|record| (record.sequence, record.id)).collect();
        running.sort_unstable();
        running.into_iter().map(|(_, id)| id).collect()
    }

    fn with_queue(&mut self, id: TaskId, act: impl FnOnce(&mut Queue)) {
        let method = self.tasks.get(&id).map(|record| Arc::clone(&record.method));
        if let Some(queue) = method.and_then(|method| self.queues.get_mut(&method)) {
            act(queue);
        }
    }
}

/// The error of a task that was lost in the middle.
pub(super) fn interrupted(why: &str) -> Error {
    let message = format!(
        "interrupted: {why}. It may have done its work in part, and is not run again by itself: retry it, or mark its \
         method `idempotent`"
    );
    Error::service("interrupted", message)
}

#[cfg(test)]
impl Ledger {
    /// Asserts that everything that is counted is as in `other`, but for pauses and rules.
    pub(super) fn assert_same(&self, other: &Self) {
        assert_eq!((&self.tasks, &self.expiries, self.bytes), (&other.tasks, &other.expiries, other.bytes));
        for (method, queue) in &self.queues {
            let empty = Queue::default();
            queue.assert_same(other.queues.get(method).unwrap_or(&empty));
        }
    }
}
