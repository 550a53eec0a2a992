//! What can go wrong between a reference to a model and its tensors.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use playhouse_actors::TensorError;

use super::Damage;
use crate::nearest::nearest;

/// Why a model cannot be found, added or read, or a tensor not be converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a reference to a model. Nothing was looked up.
    #[error(
        "malformed model reference `{reference}`: {problem}; expected `name:version`, such as `iris:1` or `iris:latest`"
    )]
    Reference {
        /// What was given.
        reference: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The store has no model of this name.
    #[error(
        "no model `{name}` in {}, {}{}: add it by `playhouse models add {name} --from PATH`, or set PLAYHOUSE_HOME to the folder that holds it in `models/{name}`",
        .folder.display(), There(.known), Meant(.name, .known)
    )]
    NoModel {
        /// The name that was asked for.
        name: String,
        /// The folder of all models.
        folder: PathBuf,
        /// The models there are.
        known: Vec<String>,
    },
    /// The model has no such version.
    #[error(
        "no version `{version}` of model `{name}` in {}, {}: add it by `playhouse models add {name}:{version} --from PATH`, or ask for another",
        .folder.display(), There(.known)
    )]
    NoVersion {
        /// The model's name.
        name: String,
        /// The version that was asked for.
        version: String,
        /// The folder of the model's versions.
        folder: PathBuf,
        /// The versions there are.
        known: Vec<String>,
    },
    /// The model's file `latest` is missing, or holds something else than one of its versions.
    #[error(
        "{} {problem}, {}: make one of them the latest by `playhouse models latest {name}:VERSION`, or ask for a version by its name",
        .path.display(), There(.known)
    )]
    Latest {
        /// The model's name.
        name: String,
        /// The file `latest`.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// The versions there are.
        known: Vec<String>,
    },
    /// The version has no such file.
    #[error("no file `{file}` in {}, {}", .folder.display(), There(.known))]
    NoFile {
        /// The file that was asked for.
        file: String,
        /// The folder of the version.
        folder: PathBuf,
        /// The files there are.
        known: Vec<String>,
    },
    /// The path does not stay within the folder of the version. Nothing was opened.
    #[error("`{file}` is not a path within {}: expected one without `..` that does not begin with `/`", .folder.display())]
    Outside {
        /// The file that was asked for.
        file: String,
        /// The folder of the version.
        folder: PathBuf,
    },
    /// The file is not what its format asks for: cut short, or of another kind.
    #[error("{} is not a whole safetensors file: {problem}; put a good one there, or remove the folder of this version", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What its reader says.
        problem: String,
    },
    /// The version is there already. It was left as it is: versions do not change.
    #[error("version `{version}` of model `{name}` is there already, in {}: add a new version", .path.display())]
    VersionExists {
        /// The model's name.
        name: String,
        /// The version.
        version: String,
        /// Its folder.
        path: PathBuf,
    },
    /// What was to write the files of a new version failed. The store is as it was.
    #[error("cannot write version `{version}` of model `{name}`: {problem}")]
    Fill {
        /// The model's name.
        name: String,
        /// The version.
        version: String,
        /// What went wrong.
        problem: playhouse_actors::Error,
    },
    /// Files from outside cannot be taken. The store is as it was.
    #[error("cannot add {}: {problem}", .path.display())]
    Source {
        /// The file or folder that was given.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// What stands beside the files of a version is no manifest.
    #[error("{} is no manifest: {problem}; remove this version and add it again", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The files of a version are not those that were added.
    #[error(
        "model `{name}:{version}` is damaged in {}: {}; look closer by `playhouse models verify {name}:{version}`, then remove it and add it again",
        .folder.display(), some(.damages)
    )]
    Damaged {
        /// The model's name.
        name: String,
        /// The version.
        version: String,
        /// The folder of the version.
        folder: PathBuf,
        /// What is wrong, file by file.
        damages: Vec<Damage>,
    },
    /// The version is the latest, and nothing says which is to be instead. The store is as it was.
    #[error(
        "version `{version}` is the latest of model `{name}`: say which is to be instead by --latest-to, one of {}",
        some(.others)
    )]
    IsLatest {
        /// The model's name.
        name: String,
        /// The version.
        version: String,
        /// The versions that would remain.
        others: Vec<String>,
    },
    /// What is asked for is about one version, and none was named. Nothing was done.
    #[error("which version of `{name}` is meant? expected `{name}:VERSION`, {}", There(.known))]
    WhichVersion {
        /// The model's name.
        name: String,
        /// The versions there are.
        known: Vec<String>,
    },
    /// Neither `PLAYHOUSE_HOME` nor the user's home directory is known.
    #[error(
        "no place for models: PLAYHOUSE_HOME is not set and there is no home directory; set PLAYHOUSE_HOME to a folder"
    )]
    NoHome,
    /// The file system refused.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// One of candle's tensors has elements that no message carries.
    #[error("a candle tensor of {0:?} cannot be sent: convert it to f32, f64, f16, bf16, i64, u32 or u8 first")]
    DType(candle_core::DType),
    /// The elements do not make a tensor.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// candle refused.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
}

impl Error {
    /// Names what was tried, for `map_err`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// What there is instead of what was asked for.
struct There<'a>(&'a [String]);

impl fmt::Display for There<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("where there is none"),
            names => write!(f, "where there is {}", some(names)),
        }
    }
}

/// What somebody may have meant who asked for something that is not there.
struct Meant<'a>(&'a str, &'a [String]);

impl fmt::Display for Meant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = self.1.iter().map(String::as_str).collect();
        match nearest(self.0, &known) {
            // The only one there is has just been named.
            Some(near) if known.len() > 1 => write!(f, " (did you mean `{near}`?)"),
            _ => Ok(()),
        }
    }
}

/// The first of many: folders of models can hold thousands of files.
pub(super) fn some<T: fmt::Display>(items: &[T]) -> String {
    const SHOWN_MAX: usize = 12;
    let shown: Vec<_> = items.iter().take(SHOWN_MAX).map(T::to_string).collect();
    match items.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
