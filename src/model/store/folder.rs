//! What is in a folder.

use std::fs::{self, DirEntry};
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
