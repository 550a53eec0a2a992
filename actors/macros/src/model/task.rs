//! `#[task(..)]`: a method that can be submitted, and answers later.

use std::time::Duration;

use syn::ImplItemFn;

use super::method::{IDEMPOTENT, ROUTE, VERSION};
use super::returned::Returned;
use crate::options::{Form, Known, Options, Table};

pub(super) static TABLE: Table = Table {
    attribute: "#[task(..)]",
    known: &[
        IDEMPOTENT,
        VERSION,
        ROUTE,
        Known { key: "timeout", form: Form::Duration { zero: false } },
        Known { key: "retention", form: Form::Duration { zero: false } },
        Known { key: "concurrency", form: Form::Count { min: 1, max: u32::MAX as u64 } },
        Known { key: "max_unfinished", form: Form::Count { min: 1, max: u32::MAX as u64 } },
    ],
};

/// How a method runs when it is submitted; `None` where nothing is said.
pub(crate) struct Task {
    pub(crate) timeout: Option<Duration>,
    pub(crate) retention: Option<Duration>,
    pub(crate) concurrency: Option<u64>,
    pub(crate) max_unfinished: Option<u64>,
}

impl Task {
    /// Reads the options.
    pub(super) fn read(options: &Options) -> Self {
        let duration = |key| options.get(key).and_then(|given| given.duration());
        let count = |key| options.get(key).and_then(|given| given.count());
        Self {
            timeout: duration("timeout"),
            retention: duration("retention"),
            concurrency: count("concurrency"),
            max_unfinished: count("max_unfinished"),
        }
    }
}

/// Checks that a method answers once: that answer is kept until somebody asks for it.
///
/// # Errors
/// At the return type.
pub(super) fn check(returned: Option<&Returned>, method: &ImplItemFn) -> syn::Result<()> {
    match returned {
        Some(Returned::Stream { .. }) => {
            let message = "a `#[task]` method answers once, with what is kept until it is fetched: it cannot stream";
            Err(syn::Error::new_spanned(&method.sig.output, message))
        }
        _ => Ok(()),
    }
}
