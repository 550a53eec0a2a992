//! Identifiers.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names one running group in the cluster: the service's name and a number that no other has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaId(Arc<str>);

impl ReplicaId {
    /// A fresh identifier. `random` makes it unlike all others; it is given so that a simulation can repeat itself.
    #[must_use]
    pub fn new(service: &str, random: u64) -> Self {
        Self(format!("{service}-{:010x}", random & 0xff_ffff_ffff).into())
    }

    /// The identifier that another process has made, as it is written.
    #[must_use]
    pub fn named(text: &str) -> Self {
        Self(text.into())
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
