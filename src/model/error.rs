//! What can go wrong between a reference to a model and its tensors.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use playhouse_actors::TensorError;

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
        "no model `{name}` in {}, {}: add it, or set PLAYHOUSE_HOME to the folder that holds it in `models/{name}`",
        .folder.display(), There(.known)
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
    #[error("no version `{version}` of model `{name}` in {}, {}: add it, or ask for another", .folder.display(), There(.known))]
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
    #[error("{} {problem}, {}: write one of them into it, or ask for a version by its name", .path.display(), There(.known))]
    Latest {
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

/// What there is instead of what was asked for. Cut short, because folders of models can hold thousands of files.
struct There<'a>(&'a [String]);

/// How many names are given.
const NAMES_MAX: usize = 12;

impl fmt::Display for There<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("where there is none");
        }
        write!(f, "where there is {}", self.0[..self.0.len().min(NAMES_MAX)].join(", "))?;
        match self.0.len().saturating_sub(NAMES_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
