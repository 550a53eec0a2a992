//! What is wrong with a configuration file.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a configuration file is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConfigError {
    /// There is no such file, or it may not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Its contents do not fit.
    #[error("{}", list(path, problems))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong, in the order of the lines.
        problems: Vec<Problem>,
    },
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Counted from 1; 0 where no single line is at fault.
    pub(crate) line: u64,
    /// The field, as `services.Iris.workers`.
    pub(crate) field: String,
    /// What is wrong, and what was expected.
    pub(crate) message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, message, .. } = self;
        if field.is_empty() { write!(f, "{message}") } else { write!(f, "{field}: {message}") }
    }
}

/// `file:line: field: message`, which editors can jump to; one a line.
fn list(path: &std::path::Path, problems: &[Problem]) -> String {
    let lines = problems.iter().map(|problem| match problem.line {
        0 => format!("{}: {problem}", path.display()),
        line => format!("{}:{line}: {problem}", path.display()),
    });
    lines.collect::<Vec<_>>().join("\n       ")
}
