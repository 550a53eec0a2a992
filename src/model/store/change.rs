//! A version leaves the store, or becomes the latest.

use std::io::ErrorKind;

use super::scratch;
use super::{LATEST, ModelStore, latest};
use crate::model::reference::{Reference, Version};
use crate::model::{Error, ModelFiles, disk};

impl ModelStore {
    /// Makes `<name>:latest` stand for this version.
    ///
    /// # Errors
    /// A reference without a version, no such model or version, a file system that refuses.
    pub fn point_latest(&self, reference: &str) -> Result<ModelFiles, Error> {
        let reference = self.exact(reference)?;
        let files = self.resolve(&reference.to_string())?;
        let scratch = self.scratch(files.name())?;
        let _lock = scratch::lock(scratch.model())?;
        // Asked again under the lock: it may just have been removed.
        let files = self.resolve(&reference.to_string())?;
        scratch.point_latest_to(files.version())?;
        Ok(files)
    }

    /// Removes a version. If it is the latest and there are others, `latest_to` says which one is to be instead.
    ///
    /// It is gone in one moment; a worker that starts later does not find it, one that has read its files is not
    /// disturbed.
    ///
    /// # Errors
    /// A reference without a version, no such model or version, [`Error::IsLatest`] if nothing says what is to be the
    /// latest, a file system that refuses.
    pub fn remove(&self, reference: &str, latest_to: Option<&str>) -> Result<(), Error> {
        let reference = self.exact(reference)?;
        // Before a folder is made for a model that is not there.
        let name = self.resolve(&reference.to_string())?.name().to_owned();
        let scratch = self.scratch(&name)?;
        let _lock = scratch::lock(scratch.model())?;
        let files = self.resolve(&reference.to_string())?;
        let mut others = self.versions(&name)?;
        others.retain(|version| version != files.version());
        let next = match latest_to {
            Some(next) if others.iter().any(|version| version == next) => Some(next),
            Some(next) => return Err(self.no_version(&name, next, others)),
            None => None,
        };
        let is_latest = latest(scratch.model()).is_ok_and(|latest| latest == files.version());
        if is_latest && next.is_none() && !others.is_empty() {
            return Err(Error::IsLatest { name, version: files.version().to_owned(), others });
        }
        // First of all: at no moment `latest` stands for nothing while there are versions.
        if let Some(next) = next {
            scratch.point_latest_to(next)?;
        }
        disk::rename(files.path(), scratch.files())?;
        if others.is_empty() {
            self.remove_pointer(&name)?;
        }
        disk::sync(scratch.model())
    }

    fn remove_pointer(&self, name: &str) -> Result<(), Error> {
        match disk::remove_file(&self.path().join(name).join(LATEST)) {
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// A reference that says which version, since this is about one and not about whatever is the latest now.
    fn exact(&self, reference: &str) -> Result<Reference, Error> {
        let reference: Reference = reference.parse()?;
        match reference.version() {
            Version::Is(_) => Ok(reference),
            Version::Latest => {
                let known = self.versions(reference.name())?;
                Err(Error::WhichVersion { name: reference.name().to_owned(), known })
            }
        }
    }

    pub(super) fn no_version(&self, name: &str, version: &str, known: Vec<String>) -> Error {
        let folder = self.path().join(name);
        Error::NoVersion { name: name.to_owned(), version: version.to_owned(), folder, known }
    }
}
