//! `models verify`.

use clap::Args;
use serde_json::json;

use super::progress::Bar;
use crate::cli::arguments::Output;
use crate::cli::output;
use crate::model::{Error, ModelFiles, ModelStore};

/// What `models verify` can be told.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Which model, in its latest version unless one is given; all versions of all models if none is given
    #[arg(value_name = "NAME[:VERSION]")]
    model: Option<String>,

    /// How to print it, text or json
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true, value_name = "FORMAT")]
    output: Output,
}

/// What came of one version.
struct Verdict {
    reference: String,
    problems: Vec<String>,
}

impl Verify {
    /// Prints what is wrong with each version; an error if anything is.
    pub(super) fn run(&self, store: &ModelStore) -> anyhow::Result<()> {
        let versions = match &self.model {
            Some(model) => vec![store.resolve(model)?],
            None => store.list(None)?.into_iter().map(|listed| listed.files).collect(),
        };
        let bar = Bar::new("verifying");
        let verdicts: Vec<_> = versions.iter().map(|files| Verdict::of(files, &bar)).collect();
        drop(bar);
        self.print(&verdicts)?;
        match verdicts.iter().filter(|verdict| !verdict.problems.is_empty()).count() {
            0 => Ok(()),
            bad => anyhow::bail!("{bad} of {} versions are not known to be whole", verdicts.len()),
        }
    }

    fn print(&self, verdicts: &[Verdict]) -> anyhow::Result<()> {
        let text = match self.output {
            Output::Text => verdicts.iter().map(Verdict::text).collect(),
            Output::Json => {
                let value = |verdict: &Verdict| json!({ "model": verdict.reference, "problems": verdict.problems });
                serde_json::to_string_pretty(&verdicts.iter().map(value).collect::<Vec<_>>())? + "\n"
            }
        };
        Ok(output::print(text)?)
    }
}

impl Verdict {
    fn of(files: &ModelFiles, bar: &Bar) -> Self {
        let reference = format!("{}:{}", files.name(), files.version());
        let problems = match files.verify(bar) {
            Ok(true) => Vec::new(),
            Ok(false) => vec!["has no manifest to compare with: remove it and add it by `models add`".to_owned()],
            Err(Error::Damaged { damages, .. }) => damages.iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        };
        Self { reference, problems }
    }

    fn text(&self) -> String {
        let Self { reference, problems } = self;
        match problems.as_slice() {
            [] => format!("{reference}: whole\n"),
            problems => problems.iter().map(|problem| format!("{reference}: {problem}\n")).collect(),
        }
    }
}
