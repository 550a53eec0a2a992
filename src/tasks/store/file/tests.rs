//! What only a file can do.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, StorageBackend, TableDefinition};

use super::super::tests::{added, ended, file, record, records};
use super::super::{Store, StoreError};
use super::FileStore;
use crate::tasks::record::{Input, Outcome, Record};
use crate::tasks::state::State;
use crate::tasks::tests::{body, id};

fn refused(path: &Path) -> String {
    match FileStore::open(path) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_file_is_opened_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = file(&folder);
    let path = folder.path().join("tasks.redb");
    assert!(refused(&path).contains("in use by another process"));
    store.close();
    file(&folder);
}

#[test]
fn a_file_of_a_later_format_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.redb");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let about: TableDefinition<'_, &str, u64> = TableDefinition::new("about");
    transaction.open_table(about).unwrap().insert("format", 7).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(refused(&path).contains("has format 7, this program reads 1"), "{}", refused(&path));
}

#[test]
fn what_is_no_store_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.redb");
    fs::write(&path, "something else").unwrap();
    assert!(refused(&path).contains("cannot be read"), "{}", refused(&path));
    let below_a_file = path.join("tasks.redb");
    assert!(refused(&below_a_file).contains("cannot be opened"), "{}", refused(&below_a_file));
}

/// A disk that is full when a test wants it.
#[derive(Clone, Debug)]
struct Disk {
    memory: Arc<InMemoryBackend>,
    is_full: Arc<AtomicBool>,
}

impl Disk {
    fn write_unless_full(&self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        if self.is_full.load(Ordering::SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { write() }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.write_unless_full(|| self.memory.set_len(length))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.write_unless_full(|| self.memory.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.write_unless_full(|| self.memory.write(offset, data))
    }
}

#[test]
fn a_full_disk_takes_nothing_and_loses_nothing() {
    let disk = Disk { memory: Arc::default(), is_full: Arc::default() };
    let opened = disk.clone();
    let store = FileStore::with(Path::new("disk"), move || Builder::new().create_with_backend(opened.clone())).unwrap();
    store.commit(&[added(1, Input::Given(body("one")))]).unwrap();
    for _ in 0..2 {
        disk.is_full.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            let full = store.commit(&[added(2, Input::Given(body("two")))]);
            assert!(matches!(full, Err(StoreError::Full(_))), "{full:?}");
        }
        disk.is_full.store(false, Ordering::SeqCst);
        assert_eq!(store.input(id(1)), Ok(body("one")));
        assert_eq!(records(&store), [Record::clone(&record(1, State::Pending))]);
    }
    store.commit(&[added(2, Input::Given(body("two"))), ended(1, Outcome::Reply(body("1")))]).unwrap();
    assert_eq!((store.input(id(2)), store.outcome(id(1))), (Ok(body("two")), Ok(Some(Outcome::Reply(body("1"))))));
}
