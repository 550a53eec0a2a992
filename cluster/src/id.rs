//! Identifiers of nodes.

use std::fmt;
use std::sync::Arc;

/// Names a node: one process that has joined a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// A node by a name of its own. Two that run at a time have to have different ones.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// A name that no other node has. `random` makes it so; it is given so that a simulation can repeat itself.
    #[must_use]
    pub fn random(random: u64) -> Self {
        Self(format!("node-{:010x}", random & 0xff_ffff_ffff).into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of its lives a node is in: a number that is another one at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Incarnation(pub u64);
