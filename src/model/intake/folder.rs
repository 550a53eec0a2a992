//! The files of a folder.

use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::paths::is_hidden;
use super::{Item, Place};
use crate::model::Error;

/// How deep folders may be nested.
const DEPTH_MAX: usize = 32;

/// All files below a folder, and what is hidden in it and so not taken, such as `.git`.
///
/// A link is replaced by what it points to, if that is within the folder or `follow` allows it to be elsewhere.
pub(super) fn list(root: &Path, follow: bool) -> Result<(Vec<Item>, Vec<String>), Error> {
    let real = fs::canonicalize(root).map_err(Error::io("read the folder", root))?;
    let mut listing = Listing { root, real: &real, follow, items: Vec::new(), hidden: Vec::new() };
    listing.folder(root, "", &mut vec![real.clone()])?;
    Ok((listing.items, listing.hidden))
}

struct Listing<'a> {
    root: &'a Path,
    /// The root without links on the way to it.
    real: &'a Path,
    follow: bool,
    items: Vec<Item>,
    hidden: Vec<String>,
}

impl Listing<'_> {
    /// `above` holds the real paths of the folders that this one is in, with itself: one that comes again is a cycle.
    fn folder(&mut self, folder: &Path, prefix: &str, above: &mut Vec<PathBuf>) -> Result<(), Error> {
        if above.len() > DEPTH_MAX {
            return Err(self.refuse(folder, format!("is nested more than {DEPTH_MAX} folders deep")));
        }
        for entry in fs::read_dir(folder).map_err(Error::io("read the folder", folder))? {
            let entry = entry.map_err(Error::io("read the folder", folder))?;
            let Ok(name) = entry.file_name().into_string() else {
                return Err(self.refuse(&entry.path(), "has a name that is not UTF-8".to_owned()));
            };
            let path = format!("{prefix}{name}");
            if is_hidden(&name) {
                self.hidden.push(path);
            } else {
                self.entry(&entry, path, above)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry, path: String, above: &mut Vec<PathBuf>) -> Result<(), Error> {
        let place = entry.path();
        if entry.file_type().map_err(Error::io("read", &place))?.is_symlink() {
            self.check_link(&place)?;
        }
        let metadata = fs::metadata(&place).map_err(Error::io("read", &place))?;
        if metadata.is_file() {
            self.items.push(Item { path, bytes: metadata.len(), place: Place::Disk(place) });
            return Ok(());
        }
        if !metadata.is_dir() {
            return Err(self.refuse(&place, "is neither a file nor a folder".to_owned()));
        }
        let real = fs::canonicalize(&place).map_err(Error::io("read the folder", &place))?;
        if above.contains(&real) {
            return Err(self.refuse(&place, format!("is a link to {}, which it is in itself", real.display())));
        }
        above.push(real);
        self.folder(&place, &format!("{path}/"), above)?;
        above.pop();
        Ok(())
    }

    fn check_link(&self, link: &Path) -> Result<(), Error> {
        let target = fs::read_link(link).map_err(Error::io("read the link", link))?;
        let target = target.display();
        match fs::canonicalize(link) {
            Ok(real) if self.follow || real.starts_with(self.real) => Ok(()),
            Ok(_) => Err(self.refuse(
                link,
                format!("is a link to {target}, outside of the folder: --follow copies what such links point to"),
            )),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(self.refuse(link, format!("is a link to {target}, where there is nothing")))
            }
            Err(error) => Err(self.refuse(link, format!("is a link to {target}: {error}"))),
        }
    }

    fn refuse(&self, place: &Path, problem: String) -> Error {
        let path = place.strip_prefix(self.root).unwrap_or(place).display();
        Error::Source { path: self.root.to_owned(), problem: format!("{path} {problem}") }
    }
}
