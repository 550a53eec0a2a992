//! Why a form is not the arguments that were expected.

use std::fmt;

use serde::de;

/// Why a form is not the arguments that were expected, and which part is at fault.
#[derive(Debug)]
pub(super) struct Error {
    field: Option<String>,
    message: String,
}

impl Error {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { field: None, message: message.into() }
    }

    /// Says which part is at fault, unless that is known already.
    pub(super) fn at(mut self, field: &str) -> Self {
        self.field.get_or_insert_with(|| field.to_owned());
        self
    }
}

impl From<Error> for crate::error::Error {
    fn from(Error { field, message }: Error) -> Self {
        match field {
            Some(field) => Self::rejected(field, message),
            None => Self::malformed(format!("the form is not what was expected: {message}")),
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}
