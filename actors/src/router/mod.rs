//! Which replica takes a message.
//!
//! [`Table`] is what is known of a service's replicas; [`decide`] chooses among them, by load, weight and nearness, or
//! [`affinity`] by a key. [`health`] leaves out those that failed, by the rules of [`breaker`]; [`budget`] bounds how many
//! calls are made once more.

mod affinity;
mod breaker;
mod budget;
mod decide;
mod health;
mod stats;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use self::budget::RetryBudget;
pub use self::decide::{Distance, Field, decide};
use self::health::{Health, Probe};
pub use self::stats::RouteStats;
use self::stats::{Counters, count};
use self::table::{Entry, Table};
use crate::error::{CallResult, Error, ErrorKind};
use crate::group::Group;
use crate::id::ReplicaId;
use crate::remote::{Offered, Remote};

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
    local_weight: AtomicU32,
    table: ArcSwap<Table>,
    shared: Arc<Shared>,
}

/// What routes to a service and to one replica of it have in common.
struct Shared {
    counters: Counters,
    budget: RetryBudget,
}

/// What is to be called.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) method: &'a str,
    /// The version that the caller knows; whichever there is otherwise.
    pub(crate) version: Option<u32>,
    /// Of affinity.
    pub(crate) key: Option<u64>,
}

/// The replica that was chosen for a call.
pub(crate) struct Chosen {
    pub(crate) route: Route,
    health: Option<Arc<Health>>,
    probe: Option<Probe>,
}

/// A key of affinity as a number.
pub(crate) fn key(bytes: &[u8]) -> u64 {
    affinity::hash(bytes)
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
}

impl Routes {
    pub(crate) fn new(service: &str, timeout: Duration) -> Arc<Self> {
        let shared = Shared { counters: Counters::default(), budget: RetryBudget::new(Instant::now()) };
        let routes = Self {
            service: service.into(),
            timeout_ns: AtomicU64::default(),
            local_weight: AtomicU32::new(1),
            table: ArcSwap::default(),
            shared: Arc::new(shared),
        };
        routes.set_timeout(timeout);
        Arc::new(routes)
    }

    /// Routes of which one alone is left, to reach a certain replica. They count together.
    pub(crate) fn only(&self, route: &Route) -> Self {
        let table = self.table.load().only(|entry| entry.route.replica() == route.replica());
        Self {
            service: self.service.clone(),
            timeout_ns: self.timeout_ns.load(Ordering::Relaxed).into(),
            local_weight: self.local_weight.load(Ordering::Relaxed).into(),
            table: ArcSwap::from_pointee(table),
            shared: Arc::clone(&self.shared),
        }
    }

    /// How messages were routed.
    #[must_use]
    pub fn stats(&self) -> RouteStats {
        self.shared.counters.read()
    }

    /// Counts a message that leaves the process.
    pub(crate) fn count_remote(&self) {
        count(&self.shared.counters.remote);
    }

    /// Counts a call, of which a share can be made once more.
    pub(crate) fn count_call(&self) {
        self.shared.budget.called();
    }

    /// Whether a call can be made once more, or too many others have been. Counts either.
    pub(crate) fn take_retry(&self) -> bool {
        let Shared { counters, budget } = &*self.shared;
        let may = budget.take(Instant::now());
        count(if may { &counters.retried } else { &counters.retries_refused });
        may
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

    /// Sets the weight of the replicas in this process.
    pub(crate) fn set_local_weight(&self, weight: u32) {
        self.local_weight.store(weight, Ordering::Relaxed);
        self.table.rcu(|table| table.reweighted(weight));
    }

    /// All routes at this moment.
    #[must_use]
    pub fn all(&self) -> Vec<Route> {
        self.table.load().entries.iter().map(|entry| entry.route.clone()).collect()
    }

    /// Adds a replica; one with the same identifier is replaced.
    pub fn add(&self, route: Route) {
        let entry = Entry::new(route, self.local_weight.load(Ordering::Relaxed));
        self.table.rcu(|table| table.with(&entry));
    }

    /// Takes a replica out.
    pub fn remove(&self, replica: &ReplicaId) {
        self.table.rcu(|table| table.without(replica));
    }

    /// The replica for the next message, other than those that were `tried` with it.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when none is left, or none has the version that is wanted.
    pub(crate) fn choose(&self, wanted: &Wanted<'_>, tried: &[ReplicaId]) -> CallResult<Chosen> {
        let table = self.table.load();
        if tried.is_empty()
            && let Some(entry) = table.pick(wanted.key)
            && entry.is_in()
            && entry.is_open()
            && entry.fits(wanted)
        {
            return Ok(Chosen::of(entry, None));
        }
        let left = table.only(|entry| !tried.contains(entry.route.replica()));
        self.choose_among(&left, wanted)
    }

    /// The same where some cannot be called: another one, one that is to be tried again, or in the end any.
    fn choose_among(&self, left: &Table, wanted: &Wanted<'_>) -> CallResult<Chosen> {
        let fitting = left.only(|entry| entry.fits(wanted));
        if fitting.entries.is_empty()
            && let Some(error) = self.other_version(left, wanted)
        {
            return Err(error);
        }
        // Without the method everywhere: who is asked for it says what there is.
        let fitting = if fitting.entries.is_empty() { left } else { &fitting };
        let open = fitting.only(Entry::is_open);
        let probe = |entry: &Entry| Some((entry.clone(), entry.health.as_ref()?.probe()?));
        if let Some((entry, probe)) = open.entries.iter().filter(|entry| !entry.is_in()).find_map(probe) {
            return Ok(Chosen::of(&entry, Some(probe)));
        }
        if let Some(entry) = open.only(Entry::is_in).pick(wanted.key) {
            return Ok(Chosen::of(entry, None));
        }
        // All are left out, which is no better than calling one. One that takes nothing says why, which is more than
        // could be said here.
        let any = open.pick(wanted.key).or_else(|| fitting.pick(wanted.key));
        let any = any.ok_or_else(|| Error::unavailable(format!("no replica of {} is known", self.service)))?;
        let blind = any.health.as_ref().filter(|health| health.is_out()).map(|health| health.blind());
        Ok(Chosen::of(any, blind))
    }

    /// That a method is there in other versions only, if it is.
    fn other_version(&self, left: &Table, wanted: &Wanted<'_>) -> Option<Error> {
        let of = |entry: &Entry| match &entry.route {
            Route::Remote(remote) => match remote.offers(wanted.method) {
                Offered::Method { version, .. } => Some(version),
                Offered::Unknown | Offered::Nothing => None,
            },
            Route::Local(_) => None,
        };
        let mut versions: Vec<u32> = left.entries.iter().filter_map(of).collect();
        versions.sort_unstable();
        versions.dedup();
        let there: Vec<String> = versions.iter().map(ToString::to_string).collect();
        let (service, method, wanted) = (&self.service, wanted.method, wanted.version?);
        (!there.is_empty()).then(|| {
            let there = there.join(" and ");
            Error::unavailable(format!(
                "no replica has version {wanted} of {service}.{method}, which is called, only version {there}"
            ))
        })
    }
}

impl Chosen {
    fn of(entry: &Entry, probe: Option<Probe>) -> Self {
        Self { route: entry.route.clone(), health: entry.health.clone(), probe }
    }

    /// Whether the method may run twice.
    pub(crate) fn is_idempotent(&self, method: &str) -> bool {
        match &self.route {
            Route::Local(group) => {
                let method = group.definition.method(method);
                method.is_ok_and(|method| group.definition.methods[method].description.idempotent)
            }
            Route::Remote(remote) => matches!(remote.offers(method), Offered::Method { idempotent: true, .. }),
        }
    }

    /// Notes what became of the call, before its error says by whom it was passed on: a replica whose connection fails, or
    /// that has nothing to run calls on, is left out.
    pub(crate) fn note<T>(&mut self, routes: &Routes, result: &CallResult<T>) {
        let failed = result.as_ref().err().is_some_and(is_failure);
        if let Some(probe) = self.probe.take() {
            return probe.ended(!failed);
        }
        if failed && self.health.as_ref().is_some_and(|health| health.failed()) {
            count(&routes.shared.counters.ejected);
            tracing::debug!(service = &*routes.service, replica = %self.route.replica(), "left out after a failure");
        }
    }
}

/// Whether an error is the replica's own, and not that of a call.
fn is_failure(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::NotStarted { .. } | ErrorKind::MayHaveRun { .. } => error.chain().is_empty(),
        ErrorKind::Unavailable { .. } => error.proves_not_started(),
        _ => false,
    }
}
