//! Which replica takes a message.
//!
//! The table of a service's replicas is a snapshot that is read without a lock. The choice is the power of two choices
//! (Mitzenmacher 2001): of two drawn at random, the one with less to do; a replica in this process comes first unless it
//! is clearly busier, since a hop costs more than a short wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::error::{CallResult, Error};
use crate::group::Group;
use crate::id::ReplicaId;
use crate::remote::Remote;

/// How much more a local replica may have to do than the best other one.
const LOCAL_FACTOR: usize = 2;
/// The same, for replicas that have next to nothing to do.
const LOCAL_MARGIN: usize = 8;

/// A way to one replica.
#[derive(Clone)]
pub enum Route {
    /// In this process.
    Local(Arc<Group>),
    /// In another one.
    Remote(Arc<dyn Remote>),
}

/// The replicas of one service, as they are known here.
pub struct Routes {
    service: Box<str>,
    /// The deadline of a call that brings none, in nanoseconds: known for certain once a group of the service runs here.
    timeout_ns: AtomicU64,
    table: ArcSwap<Vec<Route>>,
    counters: Arc<RouteCounters>,
}

/// How messages of one service were routed, where that is not seen in the groups of this process.
#[derive(Default)]
pub(crate) struct RouteCounters {
    remote: AtomicU64,
    retried: AtomicU64,
}

/// How messages of one service were routed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteStats {
    /// To a replica in another process.
    pub remote: u64,
    /// Once more, since the replica that was tried had not begun.
    pub retried: u64,
}

impl Route {
    /// The replica that it leads to.
    #[must_use]
    pub fn replica(&self) -> &ReplicaId {
        match self {
            Route::Local(group) => group.replica(),
            Route::Remote(remote) => remote.replica(),
        }
    }

    /// Whether it takes messages, as far as is known here.
    fn is_open(&self) -> bool {
        match self {
            Route::Local(group) => group.is_open(),
            Route::Remote(remote) => remote.is_open(),
        }
    }

    fn load(&self) -> Load {
        match self {
            Route::Local(group) => Load { messages: group.admission.admitted(), local: true },
            Route::Remote(remote) => Load { messages: remote.load(), local: false },
        }
    }
}

impl Routes {
    pub(crate) fn new(service: &str, timeout: Duration) -> Arc<Self> {
        let (timeout_ns, table, counters) = Default::default();
        let routes = Self { service: service.into(), timeout_ns, table, counters };
        routes.set_timeout(timeout);
        Arc::new(routes)
    }

    /// Routes of which one alone is left, to reach a certain replica. They count together.
    pub(crate) fn only(&self, route: Route) -> Self {
        Self {
            service: self.service.clone(),
            timeout_ns: self.timeout_ns.load(Ordering::Relaxed).into(),
            table: ArcSwap::from_pointee(vec![route]),
            counters: Arc::clone(&self.counters),
        }
    }

    /// How messages were routed.
    #[must_use]
    pub fn stats(&self) -> RouteStats {
        let RouteCounters { remote, retried } = &*self.counters;
        RouteStats { remote: remote.load(Ordering::Relaxed), retried: retried.load(Ordering::Relaxed) }
    }

    /// Counts a message that leaves the process.
    pub(crate) fn count_remote(&self) {
        self.counters.remote.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a message that is sent once more.
    pub(crate) fn count_retried(&self) {
        self.counters.retried.fetch_add(1, Ordering::Relaxed);
    }

    /// The service that the routes lead to.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The deadline of a call that brings none.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_nanos(self.timeout_ns.load(Ordering::Relaxed))
    }

    pub(crate) fn set_timeout(&self, timeout: Duration) {
        let timeout_ns = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        self.timeout_ns.store(timeout_ns, Ordering::Relaxed);
    }

    /// All routes at this moment.
    #[must_use]
    pub fn all(&self) -> Arc<Vec<Route>> {
        self.table.load_full()
    }

    /// Adds a replica; one with the same identifier is replaced.
    pub fn add(&self, route: Route) {
        self.table.rcu(|table| {
            let others = table.iter().filter(|other| other.replica() != route.replica());
            others.cloned().chain([route.clone()]).collect::<Vec<_>>()
        });
    }

    /// Takes a replica out.
    pub fn remove(&self, replica: &ReplicaId) {
        self.table.rcu(|table| table.iter().filter(|route| route.replica() != replica).cloned().collect::<Vec<_>>());
    }

    /// The replica for the next message, other than those that were `tried` with it.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when none is left.
    pub(crate) fn choose(&self, tried: &[ReplicaId]) -> CallResult<Route> {
        let table = self.table.load();
        if let ([only], []) = (table.as_slice(), tried) {
            return Ok(only.clone());
        }
        if tried.is_empty() && table.iter().all(Route::is_open) {
            return self.pick(&table);
        }
        let left: Vec<Route> = table.iter().filter(|route| !tried.contains(route.replica())).cloned().collect();
        let open: Vec<Route> = left.iter().filter(|route| route.is_open()).cloned().collect();
        // One that takes nothing says why, which is more than could be said here.
        self.pick(if open.is_empty() { &left } else { &open })
    }

    fn pick(&self, routes: &[Route]) -> CallResult<Route> {
        let samples = [fastrand::usize(..), fastrand::usize(..)];
        decide(routes.len(), |index| routes[index].load(), samples)
            .map(|index| routes[index].clone())
            .ok_or_else(|| Error::unavailable(format!("no replica of {} is known", self.service)))
    }
}

/// How much a replica has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Messages that are waiting or running there, as far as is known here.
    pub messages: usize,
    /// Whether it is in this process.
    pub local: bool,
}

/// The index of the replica to take, of `count`; `None` if there is none. `samples` are any two numbers.
pub fn decide(count: usize, load: impl Fn(usize) -> Load, samples: [usize; 2]) -> Option<usize> {
    let first = samples[0].checked_rem(count)?;
    // The second is drawn from the others, so that the two differ.
    let second = match count {
        1 => first,
        _ => (first + 1 + samples[1] % (count - 1)) % count,
    };
    let (first_load, second_load) = (load(first), load(second));
    let best = if second_load.messages < first_load.messages { (second, second_load) } else { (first, first_load) };
    if best.1.local {
        return Some(best.0);
    }
    let bound = best.1.messages * LOCAL_FACTOR + LOCAL_MARGIN;
    let local = (0..count).map(|index| (index, load(index))).filter(|(_, load)| load.local);
    let local = local.min_by_key(|(_, load)| load.messages);
    Some(local.filter(|(_, load)| load.messages <= bound).map_or(best.0, |(index, _)| index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(messages: usize) -> Load {
        Load { messages, local: false }
    }

    fn near(messages: usize) -> Load {
        Load { messages, local: true }
    }

    #[test]
    fn decisions() {
        let table: &[(&str, &[Load], [usize; 2], Option<usize>)] = &[
            ("nobody", &[], [0, 0], None),
            ("the only one, however busy", &[far(900)], [7, 9], Some(0)),
            ("the less busy of the two drawn", &[far(5), far(3), far(0)], [0, 0], Some(1)),
            ("not the least busy of all", &[far(5), far(3), far(0)], [1, 1], Some(1)),
            ("the local one, though busier", &[far(0), far(1), near(8)], [0, 0], Some(2)),
            ("another, if the local one is clearly busier", &[far(0), far(1), near(9)], [0, 0], Some(0)),
            ("busy everywhere: local up to twice as much", &[far(50), near(108)], [0, 0], Some(1)),
            ("the better one of two local ones", &[near(7), far(0), near(2), far(0)], [1, 1], Some(2)),
        ];
        for (what, loads, samples, expected) in table {
            assert_eq!(decide(loads.len(), |index| loads[index], *samples), *expected, "{what}");
        }
    }

    #[test]
    fn every_replica_is_drawn_and_never_the_same_one_twice() {
        for count in 2..6 {
            let mut seen = vec![false; count];
            for (first, second) in (0..count).flat_map(|first| (0..count * 3).map(move |second| (first, second))) {
                let drawn = std::cell::RefCell::new(Vec::new());
                let load = |index| {
                    drawn.borrow_mut().push(index);
                    near(0)
                };
                seen[decide(count, load, [first, second]).expect("there are some")] = true;
                let drawn = drawn.into_inner();
                assert_ne!(drawn[0], drawn[1], "{count} {first} {second}");
            }
            assert!(seen.into_iter().all(|seen| seen));
        }
    }
}
