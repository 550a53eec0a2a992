//! `models remove` and `models latest`.

use clap::Args;

use crate::cli::output;
use crate::model::ModelStore;

/// What `models remove` can be told.
#[derive(Debug, Args)]
pub(super) struct Remove {
    /// Which version; it is not asked again
    #[arg(value_name = "NAME:VERSION")]
    model: String,

    /// The version that is the latest instead, where the one to remove is
    #[arg(long, value_name = "VERSION")]
    latest_to: Option<String>,
}

impl Remove {
    /// Removes it and says so.
    pub(super) fn run(&self, store: &ModelStore) -> anyhow::Result<()> {
        store.remove(&self.model, self.latest_to.as_deref())?;
        Ok(output::print(format!("removed {}\n", self.model))?)
    }
}

/// What `models latest` can be told.
#[derive(Debug, Args)]
pub(super) struct Latest {
    /// Which version
    #[arg(value_name = "NAME:VERSION")]
    model: String,
}

impl Latest {
    /// Makes it the latest and says so.
    pub(super) fn run(&self, store: &ModelStore) -> anyhow::Result<()> {
        let files = store.point_latest(&self.model)?;
        Ok(output::print(format!("{}:{} is the latest\n", files.name(), files.version()))?)
    }
}
