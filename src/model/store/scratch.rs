//! A hidden place beside the versions of a model, for what is not to be seen.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::LATEST;
use crate::model::{Error, disk};

/// How the names of such folders begin.
const PREFIX: &str = ".incoming-";

/// A hidden folder that belongs to one change of a model, removed when that ends in whatever way.
///
/// If the process dies it stays, and the next change of the same model removes it.
pub(super) struct Scratch {
    /// The folder of the model.
    model: PathBuf,
    /// Holds `files` and `.lock`.
    folder: PathBuf,
    /// `folder/files`: a version on its way in or out.
    files: PathBuf,
    /// Locked for as long as the process lives, so that others can tell a writer from what a dead one left.
    _alive: File,
}

impl Scratch {
    /// Makes the hidden folder, and removes those of the dead.
    pub(super) fn begin(model: &Path) -> Result<Self, Error> {
        // Held while a folder has no lock of its own yet.
        let _lock = lock(model)?;
        remove_abandoned(model)?;
        let folder = model.join(format!("{PREFIX}{:016x}", fastrand::u64(..)));
        disk::create_folder(&folder)?;
        let alive = lock(&folder)?;
        let files = folder.join("files");
        Ok(Self { model: model.to_owned(), folder, files, _alive: alive })
    }

    /// The folder of the model.
    pub(super) fn model(&self) -> &Path {
        &self.model
    }

    /// Where the files of a version are on their way in or out. Not there at first.
    pub(super) fn files(&self) -> &Path {
        &self.files
    }

    /// Makes `latest` stand for a version, in one moment. The caller has locked the model.
    pub(super) fn point_latest_to(&self, version: &str) -> Result<(), Error> {
        let (new, pointer) = (self.folder.join(LATEST), self.model.join(LATEST));
        disk::write(&new, version.as_bytes())?;
        disk::sync(&new)?;
        disk::rename(&new, &pointer)?;
        disk::sync(&self.model)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Whatever cannot be removed now is hidden, and the next change of this model tries again.
        let _ = disk::remove_folder(&self.folder);
    }
}

/// Locks a folder through a hidden file in it, until the file is dropped or the process ends.
pub(super) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(".lock");
    let file = disk::open_lock(&path)?;
    file.lock().map_err(Error::io("lock", &path))?;
    Ok(file)
}

/// Removes the hidden folders of processes that died. The caller has locked the model.
fn remove_abandoned(model: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(model).map_err(Error::io("read the folder", model))? {
        let folder = entry.map_err(Error::io("read the folder", model))?.path();
        let is_scratch = folder.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
        if is_scratch && is_abandoned(&folder) {
            disk::remove_folder(&folder)?;
        }
    }
    Ok(())
}

/// Whether nobody holds the folder's lock. One without a lock is from a process that died before it had locked it.
fn is_abandoned(folder: &Path) -> bool {
    File::open(folder.join(".lock"))
        .map_or_else(|error| error.kind() == ErrorKind::NotFound, |file| file.try_lock().is_ok())
}
