//! A file is written and hashed in one pass.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Item;
use crate::model::digest::{CHUNK, Hasher};
use crate::model::manifest::{self, FileRecord};
use crate::model::progress::Progress;
use crate::model::{Error, disk};

/// Copies a file, and says what is wrong with its content.
pub(super) fn file(
    from: &Path,
    item: &Item,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(FileRecord, Option<String>), Error> {
    let mut file = File::open(from).map_err(Error::io("open", from))?;
    content(&mut file, from, item, folder, progress)
}

/// Writes what `content` gives, which is read from `from`, to the item's place in a folder.
pub(super) fn content(
    content: &mut dyn Read,
    from: &Path,
    item: &Item,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(FileRecord, Option<String>), Error> {
    let path = folder.join(&item.path);
    if let Some(parent) = path.parent() {
        disk::create_folder(parent)?;
    }
    let mut file = disk::create_file(&path)?;
    let (mut hasher, mut bytes, mut chunk) = (Hasher::default(), 0, vec![0; CHUNK]);
    loop {
        let refuse = |problem| Error::Source { path: from.to_owned(), problem };
        let length = content.read(&mut chunk).map_err(|error| refuse(format!("cannot read {}: {error}", item.path)))?;
        bytes += length as u64;
        // At once, not at the end: a file that is still written to, or a packed one that lies, may have no end.
        if bytes > item.bytes || (length == 0 && bytes < item.bytes) {
            let than = if bytes > item.bytes { "more" } else { "fewer" };
            return Err(refuse(format!("{} has {than} bytes than the {} it is said to have", item.path, item.bytes)));
        }
        if length == 0 {
            break;
        }
        hasher.update(&chunk[..length]);
        disk::append(&mut file, &path, &chunk[..length])?;
        progress.advance(length as u64);
    }
    manifest::record(folder, item.path.clone(), bytes, hasher.finish())
}
