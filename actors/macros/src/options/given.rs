//! What was given for an option.

use std::time::Duration;

use syn::{ExprPath, LitStr};

use super::Options;

/// What was given for an option, in the form that the option has.
pub(crate) enum Given {
    Count(u64),
    Duration(Duration),
    Text(String),
    /// A text that is passed on where it stands.
    Literal(LitStr),
    Number(f32),
    Word(&'static str),
    Function(ExprPath),
    Path(LitStr),
    Flag,
    Section(Options),
}

impl Given {
    /// The number of a count.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Given::Count(count) => Some(*count),
            _ => None,
        }
    }

    /// The duration.
    pub(crate) fn duration(&self) -> Option<Duration> {
        match self {
            Given::Duration(duration) => Some(*duration),
            _ => None,
        }
    }

    /// The path of a function.
    pub(crate) fn function(&self) -> Option<&ExprPath> {
        match self {
            Given::Function(path) => Some(path),
            _ => None,
        }
    }

    /// The path of a URL.
    pub(crate) fn path(&self) -> Option<&LitStr> {
        match self {
            Given::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The options in parentheses.
    pub(crate) fn section(&self) -> Option<&Options> {
        match self {
            Given::Section(options) => Some(options),
            _ => None,
        }
    }
}
