//! The loop around the ledger: takes commands, writes changes, starts runs, and tells those who asked.
//!
//! One turn after another: everything that came during the last one is decided together and written at once. So a store
//! that is slow makes for larger writes, not for a longer queue.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use playhouse_actors::{Encoded, Error, ErrorKind};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep_until};

use super::clock::Clock;
use super::command::{Answer, Command, Offered};
use super::error::TaskError;
use super::id::TaskId;
use super::ledger::{Ledger, Submission, interrupted};
use super::record::{Change, Input, MethodName, Outcome};
use super::run::{Ended, Runner};
use super::state::State;
use super::store::{Store, StoreError};
use super::view::View;

/// How many commands are decided and written together.
const BATCH_MAX: usize = 1024;

/// How many tasks are forgotten in one turn: a day's worth at once would hold up everything else.
const PURGE_MAX: usize = 256;

/// How long nothing is written but what is asked for, when the store has failed.
const STALL: Duration = Duration::from_secs(1);

/// How long the ends of runs may take to arrive when their services have ended.
const GRACE: Duration = Duration::from_secs(1);

/// The loop around the ledger.
pub(super) struct Driver {
    store: Arc<dyn Store>,
    view: Arc<View>,
    clock: Clock,
    ledger: Ledger,
    commands: mpsc::Receiver<Command>,
    runners: HashMap<Arc<MethodName>, Runner>,
    running: JoinSet<(TaskId, Ended)>,
    aborts: HashMap<TaskId, AbortHandle>,
    /// Runs that have ended, and whose end is not on disk yet.
    ended: Vec<(TaskId, Ended)>,
    is_paused: bool,
    /// While the store fails.
    stalled_until: Option<Instant>,
    /// Whether a turn left something undone because of that.
    is_behind: bool,
    ending: Option<Ending>,
}

struct Ending {
    until: Instant,
    ended: oneshot::Sender<()>,
}

/// Somebody who waits for the store.
struct Asker {
    answer: Answer,
    result: Result<TaskId, TaskError>,
}

impl Driver {
    pub(super) fn new(
        store: Arc<dyn Store>,
        view: Arc<View>,
        clock: Clock,
        ledger: Ledger,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        Self {
            store,
            view,
            clock,
            ledger,
            commands,
            runners: HashMap::new(),
            running: JoinSet::new(),
            aborts: HashMap::new(),
            ended: Vec::new(),
            is_paused: false,
            stalled_until: None,
            is_behind: false,
            ending: None,
        }
    }

    /// Runs until it is told to end, or nobody is left to tell it.
    pub(super) async fn run(mut self) {
        loop {
            let Some(commands) = self.wait().await else { break };
            self.turn(commands).await;
            if self.ending.as_ref().is_some_and(|ending| self.is_over(ending)) {
                break;
            }
        }
        self.end().await;
    }

    /// Waits until there is something to do. `None` when there never will be.
    async fn wait(&mut self) -> Option<Vec<Command>> {
        let wake = self.wake();
        let mut commands = Vec::new();
        tokio::select! {
            received = self.commands.recv_many(&mut commands, BATCH_MAX) => if received == 0 { return None },
            Some(ended) = self.running.join_next() => self.ended.extend(ended.ok()),
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
        }
        while let Some(ended) = self.running.try_join_next() {
            // One that was aborted has been told of already.
            self.ended.extend(ended.ok());
        }
        Some(commands)
    }

    /// When there is something to do without being told.
    fn wake(&self) -> Option<Instant> {
        let ending = self.ending.as_ref().map(|ending| ending.until);
        if self.stalled_until.is_some() {
            return self.stalled_until.into_iter().chain(ending).min();
        }
        if self.is_behind {
            return Some(Instant::now());
        }
        let due = self.ledger.wake_at().map(|due| Instant::now() + self.clock.now().until(due));
        due.into_iter().chain(ending).min()
    }

    /// Decides everything that has come up, writes it, and acts on it.
    async fn turn(&mut self, commands: Vec<Command>) {
        let mut askers: Vec<Asker> = Vec::with_capacity(commands.len());
        for command in commands {
            askers.extend(self.obey(command));
        }
        let started = self.go_on();
        let written = self.write(started).await;
        for Asker { answer, result } in askers {
            // Whoever does not listen any more is not told.
            let _ = answer.send(result.and_then(|id| written.clone().map(|()| id)));
        }
    }

    /// Decides what nobody has asked for: the ends of runs, which ones start, and what is forgotten.
    fn go_on(&mut self) -> Vec<TaskId> {
        self.is_behind = self.stalled_until.is_some_and(|until| until > Instant::now());
        if self.is_behind {
            return Vec::new();
        }
        self.stalled_until = None;
        for (id, ended) in std::mem::take(&mut self.ended) {
            self.note(id, ended);
        }
        let now = self.clock.now();
        self.ledger.purge(PURGE_MAX, now);
        if self.is_paused { Vec::new() } else { self.ledger.start(now) }
    }

    fn obey(&mut self, command: Command) -> Option<Asker> {
        let now = self.clock.now();
        let (answer, result) = match command {
            Command::Submit { method, input, reply, answer } => {
                let input_bytes = input.len() as u64;
                let submit = |id| {
                    let input = Input::Given(input);
                    let submission = Submission { id, method, input, input_bytes, reply };
                    self.ledger.submit(submission, now).map(|()| id)
                };
                (answer, TaskId::new(now).map_err(no_id).and_then(submit))
            }
            Command::Retry { id: old, answer } => {
                let retry = |id| self.ledger.retry(old, id, now).map(|()| id);
                (answer, TaskId::new(now).map_err(no_id).and_then(retry))
            }
            Command::Cancel { id, answer } => (answer, self.ledger.cancel(id, now).map(|()| id)),
            Command::Offer(methods) => {
                self.offer(methods);
                return None;
            }
            Command::Pause => {
                self.is_paused = true;
                return None;
            }
            Command::End(ended) => {
                self.is_paused = true;
                self.ending = Some(Ending { until: Instant::now() + GRACE, ended });
                return None;
            }
        };
        Some(Asker { answer, result })
    }

    fn offer(&mut self, methods: Vec<Offered>) {
        for Offered { method, rules, runner } in methods {
            self.view.offer(&method);
            self.ledger.offer(&method, rules, self.clock.now());
            self.runners.insert(method, runner);
        }
        for (method, tasks) in self.ledger.orphans() {
            tracing::warn!(%method, tasks, "no service here takes these tasks: they are kept for one that does");
        }
    }

    /// Takes note of how a run ended.
    fn note(&mut self, id: TaskId, ended: Ended) {
        let now = self.clock.now();
        match ended {
            Ended::Completed(reply) => self.ledger.end(id, Outcome::Reply(reply), now),
            Ended::Failed(error) => self.ledger.end(id, Outcome::Error(error), now),
            Ended::NotBegun(pause) => self.ledger.give_back(id, pause, now),
            Ended::Lost(error) => self.ledger.lose(id, error, now),
        }
    }

    /// Writes all changes and acts on them; if they cannot be written, it is as if they had not been.
    async fn write(&mut self, started: Vec<TaskId>) -> Result<(), TaskError> {
        let changes = self.ledger.take_changes();
        if changes.is_empty() {
            return Ok(());
        }
        let store = Arc::clone(&self.store);
        let commit = spawn_blocking(move || {
            let inputs = |started: Vec<TaskId>| started.into_iter().map(|id| (id, store.input(id))).collect();
            (store.commit(&changes).map(|()| inputs(started)), changes)
        });
        // It can only be cancelled with the runtime that this runs on.
        let Ok((written, changes)) = commit.await else { return Err(TaskError::Ending) };
        match written {
            Ok(inputs) => {
                self.stalled_until = None;
                self.publish(&changes);
                self.start(inputs);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "tasks cannot be written down at this moment: none are taken or started");
                self.undo(changes);
                Err(refusal(error))
            }
        }
    }

    /// Shows what is on disk, and ends the runs of what was cancelled.
    fn publish(&mut self, changes: &[Change]) {
        self.view.apply(changes);
        for change in changes {
            let is_running = change.after.as_ref().is_some_and(|record| record.state == State::InProgress);
            if let Some(run) = self.aborts.remove(&change.id).filter(|_| !is_running) {
                run.abort();
            }
        }
    }

    fn start(&mut self, inputs: Vec<(TaskId, Result<Encoded, StoreError>)>) {
        for (id, input) in inputs {
            let Some(record) = self.view.get(id) else { continue };
            let run = match (input, self.runners.get(&record.method)) {
                (Ok(input), Some(runner)) => runner(input, record.reply),
                (Err(error), _) => lost_input(error),
                (Ok(_), None) => lost_input(StoreError::Closed),
            };
            let run = AssertUnwindSafe(run).catch_unwind().map(move |ended| (id, ended.unwrap_or_else(|_| panicked())));
            self.aborts.insert(id, self.running.spawn(run));
        }
    }

    /// Makes as if nothing had changed. What has really happened is written later.
    fn undo(&mut self, changes: Vec<Change>) {
        self.stalled_until = Some(Instant::now() + STALL);
        self.is_behind = true;
        self.ledger.undo(&changes);
        self.ended.extend(changes.into_iter().filter_map(happened));
    }

    fn is_over(&self, ending: &Ending) -> bool {
        (self.running.is_empty() && self.ended.is_empty()) || ending.until <= Instant::now()
    }

    /// Leaves everything as the next process should find it.
    async fn end(mut self) {
        self.running.shutdown().await;
        self.ledger.lose_all(self.clock.now());
        if let Err(error) = self.write(Vec::new()).await {
            tracing::error!(%error, "what became of the last tasks is not written down: they count as interrupted");
        }
        self.commands.close();
        let store = Arc::clone(&self.store);
        let closed = spawn_blocking(move || store.close()).await;
        if let (Some(ending), Ok(())) = (self.ending, closed) {
            // Nobody waits for it where the end came by itself.
            let _ = ending.ended.send(());
        }
    }
}

/// What a change that was not written says of a run: that has ended, whatever the disk says.
fn happened(change: Change) -> Option<(TaskId, Ended)> {
    let Change { id, before, after, outcome, .. } = change;
    let (before, after) = (before?, after?);
    let ended = match (outcome, before.state, after.state) {
        (Some(Outcome::Reply(reply)), ..) => Ended::Completed(reply),
        (Some(Outcome::Error(error)), ..) => Ended::Failed(error),
        (None, State::InProgress, State::Pending) if after.attempts < before.attempts => {
            Ended::NotBegun(Duration::ZERO)
        }
        (None, State::InProgress, State::Pending) => Ended::Lost(interrupted("its work was lost")),
        _ => return None,
    };
    Some((id, ended))
}

fn refusal(error: StoreError) -> TaskError {
    match error {
        StoreError::Full(reason) => TaskError::Full(reason),
        StoreError::Closed => TaskError::Ending,
        other => TaskError::Store(other.to_string()),
    }
}

fn no_id(error: getrandom::Error) -> TaskError {
    TaskError::Store(format!("the operating system gives no random bytes: {error}"))
}

fn lost_input(error: StoreError) -> BoxFuture<'static, Ended> {
    let error = Error::service("lost_input", format!("the input of the task cannot be read: {error}"));
    std::future::ready(Ended::Failed(error)).boxed()
}

fn panicked() -> Ended {
    Ended::Failed(ErrorKind::Panicked { message: "the call itself panicked".into() }.into())
}
