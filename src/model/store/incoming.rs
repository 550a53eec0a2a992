//! A version on its way into the store.
//!
//! A version and `latest` are two renames. What a crash or a look between them shows: if `latest` was right, the new
//! version, whole, and the old `latest`. If there was none, it comes first and points to nothing: without a version
//! there is no model, so nobody reads it. Before that there is only a hidden folder, which the next `add` removes.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{LATEST, folder};
use crate::model::Error;

/// How the folders of versions that are being written begin.
const PREFIX: &str = ".incoming-";

/// A hidden folder that belongs to one `add`, removed when that ends in whatever way.
pub(super) struct Incoming {
    /// The folder of the model.
    model: PathBuf,
    /// Holds `files`, which becomes the version, and `lock`.
    folder: PathBuf,
    /// `folder/files`.
    files: PathBuf,
    /// Locked for as long as the process lives, so that others can tell a writer from what a dead one left.
    _alive: File,
}

impl Incoming {
    /// Makes the hidden folder, and removes those of the dead.
    pub(super) fn begin(model: &Path) -> Result<Self, Error> {
        // Held while a folder has no lock of its own yet.
        let _lock = lock(model)?;
        remove_abandoned(model)?;
        let folder = model.join(format!("{PREFIX}{:016x}", fastrand::u64(..)));
        let files = folder.join("files");
        fs::create_dir_all(&files).map_err(Error::io("create", &files))?;
        let alive = lock(&folder)?;
        Ok(Self { model: model.to_owned(), folder, files, _alive: alive })
    }

    /// Where the files of the version go.
    pub(super) fn files(&self) -> &Path {
        &self.files
    }

    /// Makes the files a version, and that the latest; `false` if the version is there already.
    pub(super) fn commit(self, version: &str) -> Result<bool, Error> {
        folder::sync_all(&self.files)?;
        let _lock = lock(&self.model)?;
        let place = self.model.join(version);
        // Both asked under the lock: a rename would replace an empty folder without a word.
        let is_new = !place.exists();
        let is_pointed = super::latest(&self.model).is_ok();
        if !is_pointed {
            self.point_latest_to(version)?;
        }
        if is_new {
            fs::rename(&self.files, &place).map_err(Error::io("rename files to", &place))?;
            folder::sync(&self.model)?;
        }
        if is_new && is_pointed {
            self.point_latest_to(version)?;
        }
        Ok(is_new)
    }

    fn point_latest_to(&self, version: &str) -> Result<(), Error> {
        let (new, pointer) = (self.folder.join(LATEST), self.model.join(LATEST));
        fs::write(&new, version).map_err(Error::io("write", &new))?;
        folder::sync(&new)?;
        fs::rename(&new, &pointer).map_err(Error::io("rename a file to", &pointer))?;
        folder::sync(&self.model)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Whatever cannot be removed now is hidden, and the next `add` tries again.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Locks a folder through a hidden file in it, until the file is dropped or the process ends.
fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(Error::io("create", &path))?;
    file.lock().map_err(Error::io("lock", &path))?;
    Ok(file)
}

/// Removes the hidden folders of processes that died. The caller has locked the model.
fn remove_abandoned(model: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(model).map_err(Error::io("read the folder", model))? {
        let folder = entry.map_err(Error::io("read the folder", model))?.path();
        let is_incoming = folder.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
        if is_incoming && is_abandoned(&folder) {
            match fs::remove_dir_all(&folder) {
                // Its writer ended in this moment and did it.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                result => result.map_err(Error::io("remove", &folder))?,
            }
        }
    }
    Ok(())
}

/// Whether nobody holds the folder's lock. One without a lock is from a process that died before it had locked it.
fn is_abandoned(folder: &Path) -> bool {
    File::open(folder.join(".lock"))
        .map_or_else(|error| error.kind() == ErrorKind::NotFound, |file| file.try_lock().is_ok())
}
