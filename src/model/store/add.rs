//! A version comes into the store.
//!
//! A version and `latest` are two renames. What a crash or a look between them shows: if `latest` was right, the new
//! version, whole, and the old `latest`. If there was none, it comes first and points to nothing: without a version
//! there is no model, so nobody reads it. Before that there is only a hidden folder, which the next change removes.

use std::collections::BTreeMap;
use std::path::Path;

use playhouse_actors::Result as UserResult;

use super::scratch::{self, Scratch};
use super::{ModelStore, folder, latest};
use crate::model::intake::{Intake, Source};
use crate::model::manifest::{self, Draft, Manifest, Origin};
use crate::model::progress::Progress;
use crate::model::reference::Reference;
use crate::model::{Error, ModelFiles, disk};

/// A version that is to be made of files from outside.
#[derive(Debug)]
pub(crate) struct Addition {
    pub(crate) name: String,
    /// Made of the time and the content unless given.
    pub(crate) version: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) intake: Intake,
}

/// How an addition ended.
pub(crate) struct Added {
    pub(crate) files: ModelFiles,
    pub(crate) manifest: Manifest,
    /// False if the same content was there already: then the store is as it was.
    pub(crate) is_new: bool,
    /// What was left out because it is hidden.
    pub(crate) hidden: Vec<String>,
}

/// What became of a version that was ready.
enum Commit {
    Done,
    /// A version of this name is there, with this content or another.
    Exists,
    /// A version of another name has the same content, and that was not wanted.
    Same(String),
}

impl ModelStore {
    /// Adds a version, which becomes the latest. `fill` is given an empty folder to write its files into.
    ///
    /// Others see all of the version or nothing: it is written beside its place, forced to disk and renamed. What a
    /// process that died in the middle left behind is never seen, and removed by the next change of the same model.
    ///
    /// # Errors
    /// A malformed name or version, [`Error::VersionExists`], [`Error::Fill`] if `fill` fails, a file system that
    /// refuses. The store is then as it was.
    pub fn add(
        &self,
        name: &str,
        version: &str,
        fill: impl FnOnce(&Path) -> UserResult<()>,
    ) -> Result<ModelFiles, Error> {
        Reference::exact(name, version)?;
        let scratch = self.scratch(name)?;
        disk::create_folder(scratch.files())?;
        let failed = |problem| Error::Fill { name: name.to_owned(), version: version.to_owned(), problem };
        fill(scratch.files()).map_err(|failure| failed(failure.into()))?;
        if scratch.files().join(manifest::FILE).exists() {
            let problem = format!("`{}` is the name of the store's own file", manifest::FILE);
            return Err(failed(playhouse_actors::Failure::from(problem).into()));
        }
        let files = manifest::inventory(scratch.files())?;
        let draft = Draft { source: Origin::Program, labels: BTreeMap::new(), files };
        match commit(&scratch, &Manifest::new(name, Some(version), draft), false)? {
            Commit::Exists => Err(self.exists(name, version)),
            Commit::Done | Commit::Same(_) => Ok(self.files(name, version)),
        }
    }

    /// Adds a version made of files from outside, which becomes the latest.
    ///
    /// The same content twice is no error: a version with a given name that has it already, or any version where no name
    /// is given, is what was wanted.
    ///
    /// # Errors
    /// As [`ModelStore::add`], and [`Error::Source`] for files that cannot be taken. The store is then as it was.
    pub(crate) fn add_from(&self, addition: Addition, progress: &dyn Progress) -> Result<Added, Error> {
        let Addition { name, version, labels, intake } = addition;
        match &version {
            Some(version) => Reference::exact(&name, version)?,
            None => Reference::latest(&name)?,
        };
        let mut source = intake.open(progress)?;
        if let Some(version) = &version {
            self.refuse_other(&name, version, &source)?;
        }
        let hidden = std::mem::take(&mut source.hidden);
        let scratch = self.scratch(&name)?;
        disk::create_folder(scratch.files())?;
        let (source, files) = source.copy_into(scratch.files(), progress)?;
        let manifest = Manifest::new(&name, version.as_deref(), Draft { source, labels, files });
        let there = match commit(&scratch, &manifest, version.is_none())? {
            Commit::Done => {
                let files = self.files(&name, &manifest.version);
                return Ok(Added { files, manifest, is_new: true, hidden });
            }
            Commit::Exists => manifest.version.clone(),
            Commit::Same(version) => version,
        };
        let files = self.files(&name, &there);
        match files.manifest()? {
            Some(old) if old.digest == manifest.digest => Ok(Added { files, manifest: old, is_new: false, hidden }),
            _ => Err(self.exists(&name, &there)),
        }
    }

    /// Refuses a version that is there with other files, as far as can be seen without reading them.
    fn refuse_other(&self, name: &str, version: &str, source: &Source) -> Result<(), Error> {
        let files = self.files(name, version);
        if folder::entries(files.path())?.is_none() {
            return Ok(());
        }
        let old = files.manifest()?.ok_or_else(|| self.exists(name, version))?;
        let sizes: BTreeMap<_, _> = old.files.iter().map(|file| (file.path.as_str(), file.bytes)).collect();
        if sizes == source.sizes() { Ok(()) } else { Err(self.exists(name, version)) }
    }

    /// A hidden place for a change of a model, whose folder is made if need be.
    pub(super) fn scratch(&self, name: &str) -> Result<Scratch, Error> {
        let model = self.path().join(name);
        disk::create_folder(&model)?;
        Scratch::begin(&model)
    }

    fn exists(&self, name: &str, version: &str) -> Error {
        let path = self.path().join(name).join(version);
        Error::VersionExists { name: name.to_owned(), version: version.to_owned(), path }
    }
}

/// Makes the files in `scratch` a version, and that the latest; not `unless_same` content is there already.
fn commit(scratch: &Scratch, manifest: &Manifest, unless_same: bool) -> Result<Commit, Error> {
    disk::write(&scratch.files().join(manifest::FILE), &manifest.to_text()?)?;
    disk::sync_all(scratch.files())?;
    let model = scratch.model();
    let _lock = scratch::lock(model)?;
    if unless_same && let Some(version) = same_content(model, &manifest.digest)? {
        return Ok(Commit::Same(version));
    }
    let place = model.join(&manifest.version);
    // Both asked under the lock: a rename would replace an empty folder without a word.
    let is_new = !place.exists();
    let is_pointed = latest(model).is_ok();
    if !is_pointed {
        scratch.point_latest_to(&manifest.version)?;
    }
    if !is_new {
        return Ok(Commit::Exists);
    }
    disk::rename(scratch.files(), &place)?;
    disk::sync(model)?;
    if is_pointed {
        scratch.point_latest_to(&manifest.version)?;
    }
    Ok(Commit::Done)
}

/// The version that has this content. One whose manifest cannot be read has not.
fn same_content(model: &Path, digest: &str) -> Result<Option<String>, Error> {
    let versions = folder::folders(model)?.unwrap_or_default();
    let is_same = |version: &String| matches!(Manifest::read(&model.join(version)), Ok(Some(manifest)) if manifest.digest == digest);
    Ok(versions.into_iter().rev().find(is_same))
}
