//! `models list`.

use clap::Args;
use serde_json::{Value, json};

use super::text::{self, Labels};
use crate::cli::arguments::Output;
use crate::cli::columns::Columns;
use crate::cli::output;
use crate::model::{Listed, ModelStore};

/// What `models list` can be told.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only the versions of this model
    #[arg(value_name = "NAME")]
    model: Option<String>,

    /// How to print it, text or json
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true, value_name = "FORMAT")]
    output: Output,
}

impl List {
    /// Prints what there is.
    pub(super) fn run(&self, store: &ModelStore) -> anyhow::Result<()> {
        let listed = store.list(self.model.as_deref())?;
        match self.output {
            Output::Json => {
                let values: Vec<_> = listed.iter().map(value).collect();
                output::print(serde_json::to_string_pretty(&values)? + "\n")?;
            }
            Output::Text if listed.is_empty() => output::print(format!(
                "no models in {}; add one by `playhouse models add NAME --from PATH`\n",
                store.path().display()
            ))?,
            Output::Text => output::print(columns(&listed))?,
        }
        Ok(())
    }
}

fn columns(listed: &[Listed]) -> Columns<6> {
    let mut columns = Columns::new(["model", "version", "", "size", "created", "labels"]);
    for Listed { files, is_latest, manifest, .. } in listed {
        let latest = if *is_latest { "latest" } else { "" };
        let [size, created, labels] = match manifest {
            Ok(Some(manifest)) => {
                [text::size(manifest.bytes), manifest.created.clone(), Labels(&manifest.labels).to_string()]
            }
            Ok(None) => ["?".to_owned(), "?".to_owned(), "(no manifest)".to_owned()],
            Err(_) => ["?".to_owned(), "?".to_owned(), "(a manifest that cannot be read)".to_owned()],
        };
        columns.row([files.name().to_owned(), files.version().to_owned(), latest.to_owned(), size, created, labels]);
    }
    columns
}

fn value(listed: &Listed) -> Value {
    let Listed { files, is_latest, manifest, .. } = listed;
    let mut value =
        json!({ "name": files.name(), "version": files.version(), "latest": is_latest, "path": files.path() });
    match manifest {
        Ok(Some(manifest)) => {
            value["created"] = json!(manifest.created);
            value["bytes"] = json!(manifest.bytes);
            value["files"] = json!(manifest.files.len());
            value["format"] = json!(manifest.format);
            value["parameters"] = json!(manifest.parameters);
            value["labels"] = json!(manifest.labels);
        }
        Ok(None) => value["problem"] = json!("no manifest"),
        Err(error) => value["problem"] = json!(error.to_string()),
    }
    value
}
