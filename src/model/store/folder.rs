//! What is in a folder, and that it is on the disk.

use std::fs::{self, DirEntry, File};
use std::io::ErrorKind;
use std::path::Path;

use crate::model::Error;

/// What is in a folder, without hidden entries; `None` if the folder is not there.
pub(super) fn entries(folder: &Path) -> Result<Option<Vec<DirEntry>>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read the folder", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("read the folder", folder))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            found.push(entry);
        }
    }
    Ok(Some(found))
}

/// The sorted names of the folders in a folder; `None` if that is not there.
pub(super) fn folders(folder: &Path) -> Result<Option<Vec<String>>, Error> {
    let Some(entries) = entries(folder)? else { return Ok(None) };
    let mut names: Vec<_> = entries
        .into_iter()
        // Follows links: a version may be kept on another disk.
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(Some(names))
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

/// Forces one file to disk, or the names in one folder.
pub(super) fn sync(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|file| file.sync_all()).map_err(Error::io("force to disk", path))
}
