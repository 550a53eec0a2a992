//! Where tasks are kept, and how much of them.

use std::env;
use std::path::PathBuf;

use super::error::TaskStoreError;

/// Where submitted tasks are kept, and how much of them. Only a node with a gateway and a `#[task]` method keeps any.
///
/// ```
/// # use playhouse::TaskConfig;
/// let tasks = TaskConfig::default().store("tasks.redb").max_bytes(1 << 30);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TaskConfig {
    pub(super) store: Place,
    pub(super) max_bytes: u64,
    pub(super) max_tasks: usize,
    pub(super) max_result: usize,
}

/// Where tasks are kept.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Beside everything else that Playhouse keeps, by the name of the program.
    Home,
    File(PathBuf),
    Memory,
}

/// The environment variable that names the folder of everything Playhouse keeps.
const HOME: &str = "PLAYHOUSE_HOME";

/// How much is kept unless told otherwise, in bytes: what a small disk has to spare.
const MAX_BYTES: u64 = 4 << 30;

/// How many tasks are kept unless told otherwise. Each takes 300 bytes of memory by estimate, wherever its input is.
const MAX_TASKS: usize = 1_000_000;

/// The largest result unless told otherwise, in bytes: as much as a request may have.
const MAX_RESULT: usize = 100 << 20;

impl Default for TaskConfig {
    fn default() -> Self {
        Self { store: Place::Home, max_bytes: MAX_BYTES, max_tasks: MAX_TASKS, max_result: MAX_RESULT }
    }
}

impl TaskConfig {
    /// The file to keep tasks in; `$PLAYHOUSE_HOME/tasks/<program>.redb` unless set. One process has it at a time.
    pub fn store(mut self, path: impl Into<PathBuf>) -> Self {
        self.store = Place::File(path.into());
        self
    }

    /// Keeps tasks in memory: they end with the process.
    pub fn in_memory(mut self) -> Self {
        self.store = Place::Memory;
        self
    }

    /// How much the inputs and results of all tasks may take, in bytes; 4 GiB unless set. What comes beyond it is answered
    /// with 507. Tasks that run may end beyond it.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// How many tasks are kept, whatever their state; a million unless set. What comes beyond it is answered with 507.
    pub fn max_tasks(mut self, tasks: usize) -> Self {
        self.max_tasks = tasks;
        self
    }

    /// The largest result, in bytes; 100 MiB unless set. A task with a larger one has failed.
    pub fn max_result(mut self, bytes: usize) -> Self {
        self.max_result = bytes;
        self
    }

    /// The file; `None` for tasks in memory.
    ///
    /// # Errors
    /// When there is no home to keep it in.
    pub(super) fn path(&self) -> Result<Option<PathBuf>, TaskStoreError> {
        match &self.store {
            Place::Memory => Ok(None),
            Place::File(path) => Ok(Some(path.clone())),
            Place::Home => {
                let home = match env::var_os(HOME).filter(|home| !home.is_empty()) {
                    Some(home) => PathBuf::from(home),
                    None => env::home_dir().ok_or(TaskStoreError::NoHome)?.join(".playhouse"),
                };
                Ok(Some(home.join("tasks").join(program()).with_added_extension("redb")))
            }
        }
    }
}

/// The name of the program, as its file is called.
fn program() -> PathBuf {
    let program = env::current_exe().ok();
    program.as_deref().and_then(|path| path.file_stem()).map_or_else(|| PathBuf::from("program"), PathBuf::from)
}
