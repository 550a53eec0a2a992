//! The configuration file: settings in YAML that come over those in the code and under the command line.
//!
//! Everything that is wrong with a file is told at once, each with its line: `yaml` keeps the lines, `section` reads
//! values and gathers what is wrong, `file`, `service` and `tasks` know the names.

mod check;
mod depends;
mod duration;
mod error;
mod file;
mod http;
mod log_format;
mod quantity;
mod ratio;
mod section;
mod service;
mod size;
mod tasks;
mod traces;
mod yaml;

use std::fs;
use std::path::Path;

use playhouse_actors::ServiceDescription;

pub(crate) use depends::Bound;
pub(crate) use duration::{parse_duration, parse_time_limit};
pub(crate) use error::ConfigError;
pub(crate) use file::File;
pub(crate) use http::{CorsSettings, HttpSettings, TlsSettings};
pub(crate) use log_format::LogFormat;
pub(crate) use ratio::parse_ratio;
pub(crate) use size::parse_size;
pub(crate) use traces::Traces;

/// Reads the file at `path` for a program of these services.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn read(path: &Path, services: &[&ServiceDescription]) -> Result<File, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    File::parse(&text, services).map_err(|problems| ConfigError::Wrong { path: path.to_owned(), problems })
}
