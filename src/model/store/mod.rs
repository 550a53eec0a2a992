//! The folder of all models, and how a reference becomes the folder of one version.
//!
//! ```text
//! models/<name>/<version>/...               the files of one version; never changed once there
//! models/<name>/<version>/.manifest.json    what is known of them; a version put there by hand has none
//! models/<name>/latest                      the name of a version: what `<name>:latest` stands for
//! models/<name>/.*                          what a change is busy with
//! ```

mod add;
mod change;
mod folder;
mod listing;
mod scratch;
#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{env, fs};

pub(crate) use self::add::{Added, Addition};
pub use self::listing::Listed;
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
            return Err(self.no_model(name)?);
        }
        let version = match reference.version() {
            Version::Is(version) => version.clone(),
            Version::Latest => latest(&folder)?,
        };
        let path = folder.join(&version);
        // A file in place of the folder is said to be one, not to be missing.
        if folder::entries(&path)?.is_none() {
            return Err(self.no_version(name, &version, versions));
        }
        Ok(self.files(name, &version))
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
        Reference::latest(name)?;
        Ok(folder::folders(&self.folder.join(name))?.unwrap_or_default())
    }

    /// The files of a version that is known to be there.
    fn files(&self, name: &str, version: &str) -> ModelFiles {
        ModelFiles::new(name.to_owned(), version.to_owned(), self.folder.join(name).join(version))
    }

    fn no_model(&self, name: &str) -> Result<Error, Error> {
        let known = self.models()?;
        Ok(Error::NoModel { name: name.to_owned(), folder: self.folder.clone(), known })
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
    let name = model.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Err(Error::Latest { name, path, problem, known })
}
