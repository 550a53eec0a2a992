//! Where the files of a version came from.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where the files of a version came from. Paths are those of the machine on which it was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// A program wrote them.
    Program,
    /// A folder was copied.
    Folder {
        /// The folder.
        path: String,
    },
    /// One file was copied.
    File {
        /// The file.
        path: String,
    },
    /// They were packed into one file.
    Archive {
        /// The packed file.
        path: String,
        /// Its hash.
        sha256: String,
        /// The folder in it that was taken; empty for all of it.
        inside: String,
        /// Which package it is, if it is a wheel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        package: Option<Package>,
    },
}

/// A Python package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program => f.write_str("written by a program"),
            Self::Folder { path } => write!(f, "folder {path}"),
            Self::File { path } => write!(f, "file {path}"),
            Self::Archive { path, inside, package, .. } => {
                let folder = if inside.is_empty() { "all" } else { inside };
                match package {
                    Some(Package { name, version }) => write!(f, "{folder} of package {name} {version}, from {path}"),
                    None => write!(f, "{folder} of {path}"),
                }
            }
        }
    }
}
