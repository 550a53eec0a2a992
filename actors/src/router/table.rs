//! The replicas of a service at one moment: a snapshot that is read without a lock.

use std::sync::Arc;

use super::affinity;
use super::decide::{Distance, Field, decide};
use super::health::Health;
use super::{Route, Wanted};
use crate::id::ReplicaId;
use crate::remote::Offered;

/// The replicas of a service, the nearest first.
#[derive(Default)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
    field: Field,
}

/// A replica.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) route: Route,
    /// Of one in another process: what is here says itself that it is not open.
    pub(super) health: Option<Arc<Health>>,
    distance: Distance,
    weight: u32,
    /// Of its name, for affinity.
    hash: u64,
}

impl Entry {
    pub(super) fn new(route: Route, local_weight: u32) -> Self {
        let (distance, weight, health) = match &route {
            Route::Local(_) => (Distance::Here, local_weight, None),
            Route::Remote(remote) => {
                let distance = if remote.is_near() { Distance::Zone } else { Distance::Far };
                (distance, remote.weight(), Some(Arc::default()))
            }
        };
        let hash = affinity::hash(route.replica().as_str().as_bytes());
        Self { route, health, distance, weight, hash }
    }

    /// Whether it is not left out after a failure.
    pub(super) fn is_in(&self) -> bool {
        self.health.as_ref().is_none_or(|health| !health.is_out())
    }

    /// Whether it takes messages, as far as is known here.
    pub(super) fn is_open(&self) -> bool {
        match &self.route {
            Route::Local(group) => group.is_open(),
            Route::Remote(remote) => remote.is_open(),
        }
    }

    /// Whether it has the method, in the version that is wanted.
    pub(super) fn fits(&self, wanted: &Wanted<'_>) -> bool {
        match &self.route {
            // Of this program, as its caller.
            Route::Local(_) => true,
            Route::Remote(remote) => match remote.offers(wanted.method) {
                Offered::Unknown => true,
                Offered::Nothing => false,
                Offered::Method { version, .. } => wanted.version.is_none_or(|wanted| wanted == version),
            },
        }
    }

    fn messages(&self) -> usize {
        match &self.route {
            Route::Local(group) => group.admission.admitted(),
            Route::Remote(remote) => remote.load(),
        }
    }
}

impl Table {
    pub(super) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| entry.distance);
        let field = Field::new(entries.iter().map(|entry| (entry.distance, entry.weight)));
        Self { entries, field }
    }

    /// The same with another replica, in the place of one with the same name.
    pub(super) fn with(&self, entry: &Entry) -> Self {
        let others = self.entries.iter().filter(|other| other.route.replica() != entry.route.replica());
        Self::new(others.cloned().chain([entry.clone()]).collect())
    }

    pub(super) fn without(&self, replica: &ReplicaId) -> Self {
        Self::new(self.entries.iter().filter(|entry| entry.route.replica() != replica).cloned().collect())
    }

    /// The same with another weight of the replicas in this process.
    pub(super) fn reweighted(&self, local_weight: u32) -> Self {
        let reweighted = self.entries.iter().cloned().map(|entry| match entry.route {
            Route::Local(_) => Entry { weight: local_weight, ..entry },
            Route::Remote(_) => entry,
        });
        Self::new(reweighted.collect())
    }

    /// Those of which something holds.
    pub(super) fn only(&self, holds: impl Fn(&Entry) -> bool) -> Self {
        Self::new(self.entries.iter().filter(|entry| holds(entry)).cloned().collect())
    }

    /// The replica for a message with a key, or one without.
    pub(super) fn pick(&self, key: Option<u64>) -> Option<&Entry> {
        let messages = |index: usize| self.entries[index].messages();
        let index = match (self.entries.as_slice(), key) {
            ([_], _) => Some(0),
            (_, Some(key)) => affinity::decide(&self.field, key, |index| self.entries[index].hash, messages),
            (_, None) => decide(&self.field, messages, [fastrand::u64(..), fastrand::u64(..)]),
        };
        index.map(|index| &self.entries[index])
    }
}
