//! `models`: the models on this machine.

mod add;
mod list;
mod progress;
mod remove;
mod show;
mod text;
mod verify;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::model::ModelStore;

/// Which of the verbs.
#[derive(Debug, Args)]
pub(super) struct Models {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Add a version, which becomes the latest, from a folder, a file or a Python wheel
    Add(add::Add),
    /// List the versions of all models, or of one
    List(list::List),
    /// Show the files of a version, and the tensors in them
    Show(show::Show),
    /// Read all files again and compare them with what was added
    Verify(verify::Verify),
    /// Make a version the latest
    Latest(remove::Latest),
    /// Remove a version
    Remove(remove::Remove),
}

impl Models {
    /// Does it, in the store that the program provides or else in that of `$PLAYHOUSE_HOME`.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn run(&self, provided: Option<&ModelStore>) -> anyhow::Result<ExitCode> {
        let store = match provided {
            Some(store) => store.clone(),
            None => ModelStore::from_env()?,
        };
        match &self.verb {
            Verb::Add(add) => add.run(&store),
            Verb::List(list) => list.run(&store),
            Verb::Show(show) => show.run(&store),
            Verb::Verify(verify) => verify.run(&store),
            Verb::Latest(latest) => latest.run(&store),
            Verb::Remove(remove) => remove.run(&store),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}
