//! Tasks: methods that are submitted, run later, and are asked for. What was submitted is on disk and survives the process.
//!
//! The decisions are pure: `state` (what can happen to a task), `record`, `queue` (whose turn it is) and `ledger` (all of
//! them). `driver` is the loop around them, on a thread of its own; `store` is the seam to the disk, `view` what is on it,
//! for everybody to look at. `run` is the call to the service, which is one like any other.
//!
//! What makes a task run at most once: that it has started is on disk before its service hears of it. What makes none get
//! lost: its submission is answered when it is on disk, and its result is forgotten only after its retention. Whatever
//! was started and has no end on disk when the process begins was lost in the middle: it fails, or runs again if its method
//! is `idempotent`.

mod clock;
mod command;
mod config;
mod driver;
mod error;
mod id;
mod ledger;
mod queue;
mod record;
mod run;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use playhouse_actors::{Codec, Encoded, Runtime, ServiceDescription};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use self::clock::Clock;
use self::command::{Answer, Command, Offered};
pub use self::config::TaskConfig;
use self::driver::Driver;
pub(crate) use self::error::TaskError;
pub use self::error::TaskStoreError;
pub(crate) use self::id::TaskId;
use self::ledger::{Ledger, Limits};
use self::queue::Rules;
pub(crate) use self::record::{MethodName, Outcome, Record};
use self::run::runner;
pub(crate) use self::state::State;
use self::store::{FileStore, MemoryStore, Store};
pub use self::view::TaskCounts;
use self::view::View;

/// How many commands wait for the driver. Their bodies have been read already, and count there.
const COMMANDS_MAX: usize = 1024;

/// How long the disk may take to write something down. It is written even so, if it ever is.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// The tasks of a process. Cheap to clone; when the last one is dropped, what runs is given up.
#[derive(Clone)]
pub(crate) struct Tasks {
    commands: mpsc::Sender<Command>,
    view: Arc<View>,
    store: Arc<dyn Store>,
    max_result: usize,
}

impl Tasks {
    /// Opens the store and starts the thread. Nothing runs until its method is offered.
    ///
    /// # Errors
    /// See [`TaskStoreError`].
    pub(crate) async fn open(config: &TaskConfig) -> Result<Self, TaskStoreError> {
        let config = config.clone();
        // To look through a large file after a crash takes its time.
        let opened = spawn_blocking(move || {
            let store = open_store(&config)?;
            let (tasks, driver) = Self::new(store, &config)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let runtime = runtime.map_err(TaskStoreError::Thread)?;
            let thread = thread::Builder::new().name("playhouse-tasks".into());
            thread.spawn(move || runtime.block_on(driver.run())).map_err(TaskStoreError::Thread)?;
            Ok(tasks)
        });
        opened.await.unwrap_or_else(|error| Err(TaskStoreError::Thread(std::io::Error::other(error))))
    }

    /// The handle and the loop of a store.
    fn new(store: Arc<dyn Store>, config: &TaskConfig) -> Result<(Self, Driver), TaskStoreError> {
        let records = store.records().map_err(|error| TaskStoreError::Damaged {
            path: config.path().ok().flatten().unwrap_or_default(),
            reason: error.to_string(),
        })?;
        let ledger = Ledger::new(Limits { tasks: config.max_tasks, bytes: config.max_bytes }, records);
        let view = Arc::new(View::new(ledger.records()));
        let (commands, receiver) = mpsc::channel(COMMANDS_MAX);
        let driver = Driver::new(Arc::clone(&store), Arc::clone(&view), Clock::new(), ledger, receiver);
        Ok((Self { commands, view, store, max_result: config.max_result }, driver))
    }

    /// Runs the tasks of all services that run now.
    pub(crate) async fn offer(&self, runtime: &Runtime) {
        let offered = runtime.descriptions().iter().flat_map(|service| self.offers(service, runtime)).collect();
        // The driver ends only when it is told to.
        let _ = self.commands.send(Command::Offer(offered)).await;
    }

    fn offers(&self, service: &ServiceDescription, runtime: &Runtime) -> Vec<Offered> {
        let Ok(client) = runtime.any_client(service.name) else { return Vec::new() };
        let groups = runtime.groups();
        let groups = groups.iter().map(|running| running.group()).filter(|group| group.service() == service.name);
        let workers: usize = groups.map(|group| group.config().workers).sum();
        let offer = |method: &playhouse_actors::MethodDescription| {
            let task = method.task?;
            let rules = Rules {
                concurrency: task.concurrency.unwrap_or(workers).max(1),
                max_unfinished: task.max_unfinished,
                retention: task.retention,
                idempotent: method.idempotent,
            };
            let runner = runner(&client, method.name, task.timeout, self.max_result);
            Some(Offered { method: MethodName::new(service.name, method.name), rules, runner })
        };
        service.methods.iter().filter_map(offer).collect()
    }

    /// Adds a task; answered when it is on disk. Dropped before that, the task may have been added.
    ///
    /// # Errors
    /// When there is no room for it, or it cannot be written.
    pub(crate) async fn submit(
        &self,
        method: &Arc<MethodName>,
        input: Encoded,
        reply: Codec,
    ) -> Result<TaskId, TaskError> {
        let method = Arc::clone(method);
        self.ask(|answer| Command::Submit { method, input, reply, answer }).await
    }

    /// What is known of a task.
    ///
    /// # Errors
    /// [`TaskError::NotFound`].
    pub(crate) fn status(&self, method: &MethodName, id: TaskId) -> Result<Arc<Record>, TaskError> {
        self.view.get(id).filter(|record| *record.method == *method).ok_or(TaskError::NotFound)
    }

    /// What a task ended with.
    ///
    /// # Errors
    /// When it has not ended, was cancelled, or is unknown.
    pub(crate) async fn outcome(&self, method: &MethodName, id: TaskId) -> Result<Outcome, TaskError> {
        match self.status(method, id)?.state {
            State::Pending | State::InProgress => return Err(TaskError::NotEnded(id)),
            State::Canceled => return Err(TaskError::Canceled(id)),
            State::Completed | State::Failed => {}
        }
        let store = Arc::clone(&self.store);
        let read = spawn_blocking(move || store.outcome(id)).await;
        match read.map_err(|_| TaskError::Ending)? {
            Ok(Some(outcome)) => Ok(outcome),
            // Its time came between the two looks.
            Ok(None) => Err(TaskError::NotFound),
            Err(error) => Err(TaskError::Store(error.to_string())),
        }
    }

    /// Adds a task with the input of one that has ended; the name of the new one.
    ///
    /// # Errors
    /// When that one has not ended or is unknown; and as [`Tasks::submit`].
    pub(crate) async fn retry(&self, method: &MethodName, id: TaskId) -> Result<TaskId, TaskError> {
        self.status(method, id)?;
        self.ask(|answer| Command::Retry { id, answer }).await
    }

    /// Withdraws a task: one that waits never runs, and one that runs is dropped at its next await. A computation that
    /// has begun cannot be stopped: it keeps its worker until it ends, and its result goes nowhere.
    ///
    /// # Errors
    /// When it has ended or is unknown.
    pub(crate) async fn cancel(&self, method: &MethodName, id: TaskId) -> Result<TaskId, TaskError> {
        self.status(method, id)?;
        self.ask(|answer| Command::Cancel { id, answer }).await
    }

    /// How many tasks of each method are where.
    pub(crate) fn counts(&self) -> Vec<TaskCounts> {
        self.view.counts()
    }

    /// Starts nothing new from now on. What waits stays on disk.
    pub(crate) async fn pause(&self) {
        let _ = self.commands.send(Command::Pause).await;
    }

    /// Ends: to be called when the services have ended. What still runs counts as interrupted.
    pub(crate) async fn end(&self) {
        let (ended, end) = oneshot::channel();
        if self.commands.send(Command::End(ended)).await.is_ok() && timeout(WRITE_LIMIT, end).await.is_err() {
            tracing::warn!("the task store has not been closed within {WRITE_LIMIT:?}, it is left as it is");
        }
    }

    async fn ask(&self, command: impl FnOnce(Answer) -> Command) -> Result<TaskId, TaskError> {
        let (answer, answered) = oneshot::channel();
        self.commands.try_send(command(answer)).map_err(|error| match error {
            TrySendError::Full(_) => TaskError::Busy,
            TrySendError::Closed(_) => TaskError::Ending,
        })?;
        match timeout(WRITE_LIMIT, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(TaskError::Ending),
            Err(_) => Err(TaskError::Store(format!("nothing was written within {WRITE_LIMIT:?}"))),
        }
    }
}

fn open_store(config: &TaskConfig) -> Result<Arc<dyn Store>, TaskStoreError> {
    Ok(match config.path()? {
        Some(path) => Arc::new(FileStore::open(&path)?),
        None => Arc::new(MemoryStore::new()),
    })
}
