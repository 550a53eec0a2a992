//! `models show`.

use std::fmt;

use anstyle::Style;
use clap::Args;
use serde_json::json;

use super::text::{self, Labels};
use crate::cli::arguments::Output;
use crate::cli::columns::Columns;
use crate::cli::output;
use crate::model::{FileRecord, Manifest, ModelFiles, ModelStore};

const NAME: Style = Style::new().bold();

/// What `models show` can be told.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Which model; its latest version unless one is given
    #[arg(value_name = "NAME[:VERSION]")]
    model: String,

    /// How to print it, text or json
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true, value_name = "FORMAT")]
    output: Output,
}

/// A version, and whether it is the latest.
struct Shown {
    files: ModelFiles,
    manifest: Option<Manifest>,
    is_latest: bool,
}

impl Show {
    /// Prints all that is known of a version.
    pub(super) fn run(&self, store: &ModelStore) -> anyhow::Result<()> {
        let files = store.resolve(&self.model)?;
        let latest = store.resolve(files.name());
        let is_latest = latest.is_ok_and(|latest| latest.version() == files.version());
        let shown = Shown { manifest: files.manifest()?, files, is_latest };
        match self.output {
            Output::Text => output::print(&shown)?,
            Output::Json => output::print(shown.json()? + "\n")?,
        }
        Ok(())
    }
}

impl Shown {
    fn json(&self) -> serde_json::Result<String> {
        let mut value = match &self.manifest {
            Some(manifest) => serde_json::to_value(manifest)?,
            None => json!({ "name": self.files.name(), "version": self.files.version(), "problem": "no manifest" }),
        };
        value["latest"] = json!(self.is_latest);
        value["path"] = json!(self.files.path());
        serde_json::to_string_pretty(&value)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, manifest, is_latest } = self;
        let latest = if *is_latest { "  latest" } else { "" };
        writeln!(f, "{NAME}{}:{}{NAME:#}{latest}", files.name(), files.version())?;
        writeln!(f, "  folder   {}", files.path().display())?;
        let Some(manifest) = manifest else {
            return writeln!(f, "  no manifest: it was not added by `models add`");
        };
        writeln!(f, "  content  {}", text::content(manifest))?;
        writeln!(f, "  created  {}", manifest.created)?;
        writeln!(f, "  source   {}", manifest.source)?;
        if !manifest.labels.is_empty() {
            writeln!(f, "  labels   {}", Labels(&manifest.labels))?;
        }
        write!(f, "\n{}", files_of(manifest))?;
        for file in &manifest.files {
            write_tensors(file, f)?;
        }
        Ok(())
    }
}

fn files_of(manifest: &Manifest) -> Columns<3> {
    let mut columns = Columns::new(["file", "bytes", "sha256"]);
    for file in &manifest.files {
        columns.row([file.path.clone(), file.bytes.to_string(), file.sha256.clone()]);
    }
    columns
}

fn write_tensors(file: &FileRecord, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(tensors) = &file.tensors else { return Ok(()) };
    let told = [text::count(tensors.count as u64, "tensor"), text::count(tensors.parameters, "parameter")];
    writeln!(f, "\n{NAME}{}{NAME:#}  {}", file.path, told.join(", "))?;
    let mut columns = Columns::new(["tensor", "dtype", "shape"]);
    for tensor in &tensors.listed {
        columns.row([tensor.name.clone(), tensor.dtype.clone(), format!("{:?}", tensor.shape)]);
    }
    write!(f, "{columns}")?;
    match tensors.count - tensors.listed.len() {
        0 => Ok(()),
        more => writeln!(f, "and {more} more"),
    }
}
