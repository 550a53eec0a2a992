//! What a method or a constructor returns when it fails.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use crate::error::Error;

/// The result of a user's method or constructor: `?` takes any error.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Any error, on its way out of a user's method or constructor.
///
/// An [`Error`] stays what it is, so that a failed call to a dependency reaches the caller with its kind and its
/// chain. Anything else becomes [`ErrorKind::Service`](crate::ErrorKind::Service) with code `internal` and the
/// messages of the error and its sources. To give a code of one's own, return [`Error::service`].
///
/// Like `anyhow::Error` it does not implement [`std::error::Error`]: that is what allows `?` on everything.
pub struct Failure(Error);

/// The code of an error that did not bring its own.
pub const INTERNAL: &str = "internal";

impl<E> From<E> for Failure
where
    E: Into<Box<dyn StdError + Send + Sync>> + 'static,
{
    fn from(error: E) -> Self {
        // Through `Any` because specialisation is not to be had: one type is kept, all others are wrapped.
        let mut slot = Some(error);
        if let Some(error) = (&mut slot as &mut dyn Any).downcast_mut::<Option<Error>>() {
            return Self(error.take().expect("filled above"));
        }
        let error = slot.take().expect("filled above and not taken by the other branch").into();
        Self(Error::service(INTERNAL, with_sources(error.as_ref())))
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn with_sources(error: &(dyn StdError + 'static)) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Many libraries repeat the cause in their own message.
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = cause.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn fails<E: Into<Failure>>(error: E) -> Error {
        Error::from(error.into())
    }

    #[test]
    fn a_call_error_keeps_its_kind() {
        assert_eq!(fails(Error::new(ErrorKind::Draining)).kind(), &ErrorKind::Draining);
    }

    #[test]
    fn any_other_error_keeps_its_message() {
        let parse = "x".parse::<u32>().expect_err("not a number");
        assert_eq!(fails(parse), Error::service(INTERNAL, "invalid digit found in string"));
        assert_eq!(fails("plain text"), Error::service(INTERNAL, "plain text"));
    }
}
