//! The options of `#[service(..)]`.

use proc_macro2::TokenStream;

use crate::mistakes::Mistakes;
use crate::options::{Form, Given, Known, Options, Table};

const COUNT: Form = Form::Count { min: 1, max: u32::MAX as u64 };
const COUNT_OR_ZERO: Form = Form::Count { min: 0, max: u32::MAX as u64 };
const DURATION: Form = Form::Duration { zero: false };

static TABLE: Table = Table {
    attribute: "#[service(..)]",
    known: &[
        Known { key: "workers", form: COUNT },
        Known { key: "slots", form: COUNT },
        Known { key: "traffic", form: Form::Section(&TRAFFIC) },
        Known { key: "resources", form: Form::Section(&RESOURCES) },
        Known { key: "restart", form: Form::Section(&RESTART) },
    ],
};

static TRAFFIC: Table = Table {
    attribute: "traffic(..)",
    known: &[
        Known { key: "timeout", form: DURATION },
        Known { key: "idle_timeout", form: DURATION },
        Known { key: "max_concurrency", form: COUNT },
        Known { key: "concurrency", form: COUNT },
    ],
};

static RESOURCES: Table = Table {
    attribute: "resources(..)",
    known: &[
        Known { key: "cpu", form: Form::Cpu },
        Known { key: "memory", form: Form::Memory },
        Known { key: "gpu", form: Form::Number },
    ],
};

static RESTART: Table = Table {
    attribute: "restart(..)",
    known: &[
        Known { key: "policy", form: Form::Word(&["permanent", "transient", "never"]) },
        Known { key: "max_restarts", form: COUNT_OR_ZERO },
        Known { key: "period", form: DURATION },
        Known { key: "backoff_min", form: DURATION },
        Known { key: "backoff_max", form: DURATION },
    ],
};

/// The options of `#[service(..)]`, by the fields of `Settings` that they set.
pub(crate) struct Settings(Options);

/// The struct that an option with options inside stands for, and what is set in it.
pub(crate) struct Section<'a> {
    pub(crate) name: &'static str,
    pub(crate) options: &'a Options,
}

impl Settings {
    /// Reads the inside of the attribute's parentheses.
    pub(super) fn read(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        Self(Options::read(tokens, &TABLE, mistakes))
    }

    /// What is set, field by field.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &(&'static str, Given)> {
        self.0.iter()
    }
}

impl<'a> Section<'a> {
    /// The struct for the option `key`.
    pub(crate) fn new(key: &str, options: &'a Options) -> Self {
        let name = match key {
            "traffic" => "Traffic",
            "resources" => "Resources",
            _ => "Restart",
        };
        Self { name, options }
    }
}
