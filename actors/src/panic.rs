//! A panic in user code as the error that its caller sees.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{CallResult, Error, ErrorKind};

/// The error of a caught panic.
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Error {
    let message = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into());
    Error::new(ErrorKind::Panicked { message })
}

/// Runs user code that is not a method, such as the reading of its types: a panic is that call's error.
pub(crate) fn caught<T>(work: impl FnOnce() -> CallResult<T>) -> CallResult<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panicked(payload.as_ref())))
}
