//! A panic in user code as the error that its caller sees.

use std::any::Any;

use crate::error::{Error, ErrorKind};

/// The error of a caught panic.
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Error {
    let message = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into());
    Error::new(ErrorKind::Panicked { message })
}
