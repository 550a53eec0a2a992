//! The section of a file about traces.

use super::ratio::{EXPECTED, ratio};
use super::section::Section;
use super::yaml::Value;

/// Where traces go, and which.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Traces {
    /// The address of a collector.
    pub(crate) otlp: Option<String>,
    /// The part of the requests that is recorded, of those that belong to no trace.
    pub(crate) sample: Option<f64>,
}

impl Traces {
    pub(super) fn read(section: Section<'_>) -> Self {
        let sample = |value: &Value| match value {
            Value::Number(number) => number.as_f64().and_then(ratio),
            _ => None,
        };
        let traces =
            Self { otlp: section.text("otlp"), sample: section.read("sample", EXPECTED, |value| sample(&value.value)) };
        section.end();
        traces
    }
}
