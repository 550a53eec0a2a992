//! Tasks in one file on disk, by redb, which is known only here.
//!
//! redb keeps trees of pages that are never overwritten: a transaction is there as a whole or not at all, whenever the
//! process or the machine ends. After an error of the disk it refuses everything until it is opened again, which is done
//! here when something is written next.

#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use bytes::Bytes;
use playhouse_actors::Encoded;
use redb::backends::FileBackend;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, Table, TableDefinition,
    TableError, WriteTransaction,
};

use super::encoding::{self, FORMAT};
use super::{Store, StoreError};
use crate::tasks::error::TaskStoreError;
use crate::tasks::id::TaskId;
use crate::tasks::record::{Change, Input, Outcome, Record};

const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
const RECORDS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("records");
const INPUTS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("inputs");
const OUTCOMES: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("outcomes");

/// What redb keeps in memory. The tasks that are busy fit; the others are read from disk when somebody asks.
const CACHE_BYTES: usize = 32 << 20;

/// Tasks in one file on disk.
pub(in crate::tasks) struct FileStore {
    open: Box<dyn Fn() -> Result<Database, DatabaseError> + Send + Sync>,
    state: RwLock<State>,
}

enum State {
    Open(Database),
    /// The disk has failed: to be opened again.
    Broken,
    Closed,
}

impl FileStore {
    /// Opens the file, or makes one with its folder.
    ///
    /// # Errors
    /// See [`TaskStoreError`].
    pub(in crate::tasks) fn open(path: &Path) -> Result<Self, TaskStoreError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| unusable(path, &error))?;
        }
        let file = path.to_owned();
        Self::with(path, move || {
            let file = FileBackend::new(private_file(&file)?)?;
            Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(file)
        })
    }

    /// A store in whatever `open` opens; `path` is what errors call it.
    pub(super) fn with(
        path: &Path,
        open: impl Fn() -> Result<Database, DatabaseError> + Send + Sync + 'static,
    ) -> Result<Self, TaskStoreError> {
        // redb trusts a file that it closed in good order: one that was changed since may make it panic.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let database = open().map_err(|error| cannot_open(path, error))?;
            begin(&database, path)?;
            Ok(database)
        }));
        let database = opened.unwrap_or_else(|_| Err(damaged(path, "its pages do not fit together".into())))?;
        Ok(Self { open: Box::new(open), state: RwLock::new(State::Open(database)) })
    }

    /// What is open, opened again if the disk has failed.
    fn database(&self) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        {
            let state = self.read();
            if !matches!(*state, State::Broken) {
                return Ok(state);
            }
        }
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Broken) {
            *state = State::Open((self.open)().map_err(|error| Failure::from(error).error)?);
        }
        drop(state);
        Ok(self.read())
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the open file.
    fn with_database<T>(&self, act: impl FnOnce(&Database) -> Result<T, Failure>) -> Result<T, StoreError> {
        let state = self.database()?;
        let State::Open(database) = &*state else { return Err(StoreError::Closed) };
        act(database).map_err(|failure| {
            drop(state);
            if failure.broken {
                self.set_aside();
            }
            failure.error
        })
    }

    /// Lets go of a file on which something has failed.
    fn set_aside(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Open(_)) {
            *state = State::Broken;
        }
    }

    fn value(&self, table: TableDefinition<'_, u128, &[u8]>, id: TaskId) -> Result<Option<Bytes>, StoreError> {
        self.with_database(|database| {
            let table = database.begin_read()?.open_table(table)?;
            let value = table.get(id.number())?;
            Ok(value.map(|value| Bytes::copy_from_slice(value.value())))
        })
    }
}

impl Store for FileStore {
    fn records(&self) -> Result<Vec<Record>, StoreError> {
        self.with_database(|database| {
            let table = database.begin_read()?.open_table(RECORDS)?;
            let mut records = Vec::new();
            for entry in table.iter()? {
                let (id, bytes) = entry?;
                records.push(encoding::read_record(TaskId::from_number(id.value()), bytes.value())?);
            }
            Ok(records)
        })
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        self.with_database(|database| {
            let transaction = database.begin_write()?;
            // Dropped without a commit, at an error, it leaves nothing behind.
            Tables::open(&transaction)?.apply(changes)?;
            Ok(transaction.commit()?)
        })
    }

    fn input(&self, id: TaskId) -> Result<Encoded, StoreError> {
        let input = self.value(INPUTS, id)?;
        encoding::read_body(id, input.ok_or_else(|| no_input(id))?)
    }

    fn outcome(&self, id: TaskId) -> Result<Option<Outcome>, StoreError> {
        self.value(OUTCOMES, id)?.map(|bytes| encoding::read_outcome(id, bytes)).transpose()
    }

    fn close(&self) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State::Closed;
    }
}

/// The tables of one transaction.
struct Tables<'a> {
    records: Table<'a, u128, &'static [u8]>,
    inputs: Table<'a, u128, &'static [u8]>,
    outcomes: Table<'a, u128, &'static [u8]>,
}

impl<'a> Tables<'a> {
    fn open(transaction: &'a WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            records: transaction.open_table(RECORDS)?,
            inputs: transaction.open_table(INPUTS)?,
            outcomes: transaction.open_table(OUTCOMES)?,
        })
    }

    fn apply(mut self, changes: &[Change]) -> Result<(), Failure> {
        for change in changes {
            match &change.after {
                Some(record) => self.put(change, record)?,
                None => self.remove(change.id)?,
            }
        }
        Ok(())
    }

    fn put(&mut self, change: &Change, record: &Record) -> Result<(), Failure> {
        let key = change.id.number();
        self.records.insert(key, encoding::record(record).as_slice())?;
        match &change.input {
            Some(Input::Given(input)) => drop(self.inputs.insert(key, encoding::body(input).as_slice())?),
            Some(Input::Of(old)) => {
                let input = self.inputs.get(old.number())?.map(|input| input.value().to_vec());
                self.inputs.insert(key, input.ok_or_else(|| no_input(*old))?.as_slice())?;
            }
            None => {}
        }
        if let Some(outcome) = &change.outcome {
            self.outcomes.insert(key, encoding::outcome(outcome).as_slice())?;
        }
        Ok(())
    }

    fn remove(&mut self, id: TaskId) -> Result<(), Failure> {
        self.records.remove(id.number())?;
        self.inputs.remove(id.number())?;
        self.outcomes.remove(id.number())?;
        Ok(())
    }
}

/// Makes the tables of a new file; checks the format of an old one.
fn begin(database: &Database, path: &Path) -> Result<(), TaskStoreError> {
    let found = prepare(database).map_err(|failure| match failure.error {
        StoreError::Damaged(reason) => damaged(path, reason),
        other => TaskStoreError::Unusable { path: path.into(), reason: other.to_string() },
    })?;
    if found == FORMAT { Ok(()) } else { Err(TaskStoreError::Format { path: path.into(), found, known: FORMAT }) }
}

/// The format of a file, which is ours if it has none.
fn prepare(database: &Database) -> Result<u64, Failure> {
    let transaction = database.begin_write()?;
    let found = {
        let mut about = transaction.open_table(ABOUT)?;
        let found = about.get("format")?.map(|format| format.value());
        if found.is_none() {
            about.insert("format", FORMAT)?;
        }
        found
    };
    if let Some(found) = found {
        transaction.abort()?;
        return Ok(found);
    }
    Tables::open(&transaction)?;
    transaction.commit()?;
    Ok(FORMAT)
}

/// What tasks are given and give back is nobody else's business.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn no_input(id: TaskId) -> StoreError {
    StoreError::Damaged(format!("the input of task {id} is not there"))
}

fn cannot_open(path: &Path, error: DatabaseError) -> TaskStoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            TaskStoreError::InUse { path: path.into() }
        }
        DatabaseError::Storage(StorageError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
            damaged(path, "it is no task store".into())
        }
        DatabaseError::Storage(StorageError::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => {
            damaged(path, "it is cut short".into())
        }
        DatabaseError::Storage(StorageError::Io(error)) => unusable(path, &error),
        DatabaseError::Storage(StorageError::Corrupted(reason)) => damaged(path, reason),
        other => TaskStoreError::Unusable { path: path.into(), reason: other.to_string() },
    }
}

fn damaged(path: &Path, reason: String) -> TaskStoreError {
    TaskStoreError::Damaged { path: path.into(), reason }
}

fn unusable(path: &Path, error: &std::io::Error) -> TaskStoreError {
    let path = PathBuf::from(path);
    TaskStoreError::Unusable { path, reason: error.to_string() }
}

/// An error, and whether redb is to be opened again after it.
struct Failure {
    error: StoreError,
    broken: bool,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { error, broken: false }
    }
}

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = match error.into() {
            redb::Error::Io(error) if is_full(error.kind()) => StoreError::Full(error.to_string()),
            redb::Error::Corrupted(reason) => StoreError::Damaged(reason),
            other => StoreError::Failed(other.to_string()),
        };
        Self { error, broken: true }
    }
}

fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}
