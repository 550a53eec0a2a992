//! Every change that the store makes to the disk: here, so that a test can end the process before any of them.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::Error;

/// Makes a folder, and those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), Error> {
    step();
    fs::create_dir_all(path).map_err(Error::io("create", path))
}

/// Makes a file that was not there.
pub(super) fn create_file(path: &Path) -> Result<File, Error> {
    step();
    File::create_new(path).map_err(Error::io("create", path))
}

/// Opens the file of a lock, which is empty; makes it if it is not there.
pub(super) fn open_lock(path: &Path) -> Result<File, Error> {
    step();
    File::create(path).map_err(Error::io("create", path))
}

/// Writes on in a file.
pub(super) fn append(file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    step();
    file.write_all(bytes).map_err(Error::io("write", path))
}

/// Writes a whole file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    step();
    fs::write(path, bytes).map_err(Error::io("write", path))
}

/// Gives a file or folder another name, in one moment.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    step();
    fs::rename(from, to).map_err(Error::io("rename a file or folder to", to))
}

/// Removes a file.
pub(super) fn remove_file(path: &Path) -> Result<(), Error> {
    step();
    fs::remove_file(path).map_err(Error::io("remove", path))
}

/// Removes a folder with all that is in it; that somebody else has done it is as good.
pub(super) fn remove_folder(path: &Path) -> Result<(), Error> {
    step();
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result.map_err(Error::io("remove", path)),
    }
}

/// Forces one file to disk, or the names in one folder.
pub(super) fn sync(path: &Path) -> Result<(), Error> {
    step();
    File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("force to disk", path))
}

/// Forces all files below a folder to disk, and the folders that name them.
pub(super) fn sync_all(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("read the folder", folder))? {
        let entry = entry.map_err(Error::io("read the folder", folder))?;
        let kind = entry.file_type().map_err(Error::io("read", &entry.path()))?;
        if kind.is_dir() {
            sync_all(&entry.path())?;
        } else if kind.is_file() {
            sync(&entry.path())?;
        }
    }
    sync(folder)
}

/// Ends the process, as a crash would, when as many steps were made as `PLAYHOUSE_TEST_STEPS` allows.
#[cfg(feature = "testing")]
fn step() {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static ALLOWED: LazyLock<Option<u64>> =
        LazyLock::new(|| std::env::var("PLAYHOUSE_TEST_STEPS").ok().and_then(|steps| steps.parse().ok()));
    static MADE: AtomicU64 = AtomicU64::new(0);
    if ALLOWED.is_some_and(|allowed| MADE.fetch_add(1, Ordering::Relaxed) >= allowed) {
        std::process::abort();
    }
}

#[cfg(not(feature = "testing"))]
fn step() {}
