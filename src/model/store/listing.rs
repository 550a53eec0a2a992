//! What is in the store.

use super::{ModelStore, folder, latest};
use crate::model::manifest::Manifest;
use crate::model::reference::Reference;
use crate::model::{Error, ModelFiles};

/// One version of a model, as a listing shows it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listed {
    /// Its files.
    pub files: ModelFiles,
    /// Whether `latest` stands for it.
    pub is_latest: bool,
    /// What is known of it: nothing, if it was put there by hand or by an older Playhouse.
    pub manifest: Result<Option<Manifest>, Error>,
}

impl ModelStore {
    /// All versions of all models, or of one, with what is known of them.
    ///
    /// # Errors
    /// A malformed name, no such model, an unreadable folder. A manifest that cannot be read is an error of its version
    /// alone.
    pub fn list(&self, name: Option<&str>) -> Result<Vec<Listed>, Error> {
        let names = match name {
            Some(name) => vec![self.known(name)?],
            None => self.models()?,
        };
        let mut listed = Vec::new();
        for name in names {
            let latest = latest(&self.path().join(&name)).ok();
            for version in folder::folders(&self.path().join(&name))?.unwrap_or_default() {
                let is_latest = latest.as_ref() == Some(&version);
                let files = self.files(&name, &version);
                let manifest = files.manifest();
                listed.push(Listed { files, is_latest, manifest });
            }
        }
        Ok(listed)
    }

    /// The name of a model that has a version.
    fn known(&self, name: &str) -> Result<String, Error> {
        let name = Reference::latest(name)?.name().to_owned();
        match self.versions(&name)? {
            versions if versions.is_empty() => Err(self.no_model(&name)?),
            _ => Ok(name),
        }
    }
}
