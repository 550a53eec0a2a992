//! What is known of versions, for people.

use std::collections::BTreeMap;
use std::fmt;

use indicatif::{DecimalBytes, HumanCount};

use crate::model::{Format, Manifest};

/// A size as people read it: `90.87 MB`.
pub(super) fn size(bytes: u64) -> String {
    DecimalBytes(bytes).to_string()
}

/// Something that there is one or more of.
pub(super) fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", HumanCount(number))
}

/// What is in a version, in a few words.
pub(super) fn content(manifest: &Manifest) -> String {
    let mut words = vec![size(manifest.bytes), count(manifest.files.len() as u64, "file")];
    words.extend(format(manifest).map(str::to_owned));
    words.extend(manifest.parameters.map(|parameters| count(parameters, "parameter")));
    words.join(", ")
}

/// The name of its format, if it is one that has a name.
fn format(manifest: &Manifest) -> Option<&'static str> {
    Some(match manifest.format {
        Format::Safetensors => "safetensors",
        Format::Gguf => "GGUF",
        Format::Onnx => "ONNX",
        Format::Pytorch => "PyTorch",
        Format::Other => return None,
    })
}

/// Labels as they were given.
pub(super) struct Labels<'a>(pub(super) &'a BTreeMap<String, String>);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<_> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        f.write_str(&labels.join(" "))
    }
}
