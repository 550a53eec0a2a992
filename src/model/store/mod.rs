//! The folder of all models, and how a reference becomes the folder of one version.
//!
//! ```text
//! models/<name>/<version>/...    the files of one version; never changed once there
//! models/<name>/latest           the name of a version: what `<name>:latest` stands for
//! models/<name>/.*               what `add` is busy with
//! ```

mod folder;
mod incoming;
#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{env, fs};

use playhouse_actors::Result as UserResult;

use self::incoming::Incoming;
use super::reference::{self, Reference, Version};
use super::{Error, ModelFiles};

/// The environment variable that names the folder of everything Playhouse keeps.
const HOME: &str = "PLAYHOUSE_HOME";

/// What a model's pointer to its latest version is called.
const LATEST: &str = "latest";

/// The models on this machine, by name and version.
///
/// It holds a path and nothing else: whoever asks reads the folders as they are.
///
/// ```
/// # use playhouse::model::{Error, ModelStore};
/// # let folder = tempfile::tempdir().unwrap();
/// let store = ModelStore::at(folder.path());
/// store.add("greeting", "1", |files| Ok(std::fs::write(files.join("text"), "hello")?))?;
/// let greeting = store.resolve("greeting:latest")?;
/// assert_eq!(greeting.version(), "1");
/// assert!(greeting.file("text")?.is_file());
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelStore {
    folder: PathBuf,
}

impl ModelStore {
    /// The store in `$PLAYHOUSE_HOME/models`, where that is `~/.playhouse` unless set. Need not exist yet.
    ///
    /// # Errors
    /// [`Error::NoHome`], if neither the variable nor a home directory is there.
    pub fn from_env() -> Result<Self, Error> {
        let home = match env::var_os(HOME).filter(|home| !home.is_empty()) {
            Some(home) => PathBuf::from(home),
            None => env::home_dir().ok_or(Error::NoHome)?.join(".playhouse"),
        };
        Ok(Self::at(home.join("models")))
    }

    /// The store whose models are the folders in `folder`. Need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder of all models.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Finds the version that a reference such as `iris:1` or `iris:latest` stands for.
    ///
    /// # Errors
    /// A malformed reference, no such model, no such version, a `latest` that points to none, an unreadable folder.
    pub fn resolve(&self, reference: &str) -> Result<ModelFiles, Error> {
        let reference: Reference = reference.parse()?;
        let name = reference.name();
        let folder = self.folder.join(name);
        let versions = self.versions(name)?;
        if versions.is_empty() {
            let known = self.models()?;
            return Err(Error::NoModel { name: name.to_owned(), folder: self.folder.clone(), known });
        }
        let version = match reference.version() {
            Version::Is(version) => version.clone(),
            Version::Latest => latest(&folder)?,
        };
        let path = folder.join(&version);
        // A file in place of the folder is said to be one, not to be missing.
        if folder::entries(&path)?.is_none() {
            return Err(Error::NoVersion { name: name.to_owned(), version, folder, known: versions });
        }
        Ok(ModelFiles::new(name.to_owned(), version, path))
    }

    /// The names of all models that have a version, sorted; none if there is no store yet.
    ///
    /// # Errors
    /// An unreadable folder.
    pub fn models(&self) -> Result<Vec<String>, Error> {
        let mut names = folder::folders(&self.folder)?.unwrap_or_default();
        // An `add` that failed leaves an empty folder behind where it was the first.
        names.retain(|name| folder::folders(&self.folder.join(name)).is_ok_and(|found| found != Some(Vec::new())));
        Ok(names)
    }

    /// The versions of a model, sorted as text; none if there is no such model.
    ///
    /// # Errors
    /// A malformed name, an unreadable folder.
    pub fn versions(&self, name: &str) -> Result<Vec<String>, Error> {
        let reference: Reference = format!("{name}:{LATEST}").parse()?;
        Ok(folder::folders(&self.folder.join(reference.name()))?.unwrap_or_default())
    }

    /// Adds a version, which becomes the latest. `fill` is given an empty folder to write its files into.
    ///
    /// Others see all of the version or nothing: it is written beside its place, forced to disk and renamed. What a
    /// process that died in the middle left behind is never seen, and removed by the next `add` for the same model.
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
        let (name, version) = (name.to_owned(), version.to_owned());
        Reference::exact(&name, &version)?;
        let model = self.folder.join(&name);
        fs::create_dir_all(&model).map_err(Error::io("create", &model))?;
        let incoming = Incoming::begin(&model)?;
        if let Err(failure) = fill(incoming.files()) {
            return Err(Error::Fill { name, version, problem: failure.into() });
        }
        match incoming.commit(&version)? {
            true => Ok(ModelFiles::new(name, version.clone(), model.join(version))),
            false => Err(Error::VersionExists { path: model.join(&version), name, version }),
        }
    }
}

/// What `<model>/latest` holds, if that is one of the versions.
fn latest(model: &Path) -> Result<String, Error> {
    let path = model.join(LATEST);
    let problem = match fs::read_to_string(&path) {
        Ok(text) => {
            let version = text.trim();
            // Asked now, not in a list from before: another version may have come in between.
            if reference::is_version(version) && folder::entries(&model.join(version))?.is_some() {
                return Ok(version.to_owned());
            }
            format!("holds {version:?}, which is not a version of the model")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => "is missing".to_owned(),
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    let known = folder::folders(model)?.unwrap_or_default();
    Err(Error::Latest { path, problem, known })
}
