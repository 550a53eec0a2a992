//! What was called at URLs, counted by service and method for as long as the process lives.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use playhouse_actors::{CallOutcome, Histogram, HistogramStats, TIME_BOUNDS};

use crate::telemetry::metrics::{OutboundMethodStats, OutboundStats};

/// How many services are told apart: a program that makes up URLs makes no series without end.
const SERVICES_MAX: usize = 100;

/// How many methods of a service are told apart, where a peer says which ones it has.
const METHODS_MAX: usize = 200;

/// Stands for the others.
const OTHER: &str = "other";

/// What was called at URLs. There is one for each node.
#[derive(Default)]
pub(crate) struct OutboundFigures {
    services: Mutex<BTreeMap<Box<str>, Arc<ServiceFigures>>>,
    pub(super) connections: Arc<Connections>,
}

/// What was called of one service, wherever it is.
pub(super) struct ServiceFigures {
    methods: ArcSwap<HashMap<Box<str>, Arc<MethodFigures>>>,
    /// Of methods that are not known.
    other: Arc<MethodFigures>,
}

/// How calls of one method have ended.
pub(super) struct MethodFigures {
    outcomes: [AtomicU64; CallOutcome::COUNT],
    duration_ns: Histogram<{ TIME_BOUNDS.len() }>,
    retries: AtomicU64,
}

/// Connections to peers.
#[derive(Default)]
pub(super) struct Connections {
    pub(super) opened: AtomicU64,
    pub(super) closed: AtomicU64,
}

impl OutboundFigures {
    /// Those of a service, which are there from now on.
    pub(super) fn of(&self, service: &str) -> Arc<ServiceFigures> {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !services.contains_key(service);
        let name = if is_new && services.len() >= SERVICES_MAX { OTHER } else { service };
        Arc::clone(services.entry(name.into()).or_insert_with(ServiceFigures::new))
    }

    /// All of them at this moment.
    pub(crate) fn stats(&self) -> OutboundStats {
        let services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let methods = services.iter().flat_map(|(service, figures)| figures.stats(service)).collect();
        // In this order, so that none seems to be closed that was not opened.
        let closed = self.connections.closed.load(Ordering::Acquire);
        let opened = self.connections.opened.load(Ordering::Acquire);
        OutboundStats { methods, connections_opened: opened, connections_open: opened.saturating_sub(closed) }
    }
}

impl ServiceFigures {
    fn new() -> Arc<Self> {
        Arc::new(Self { methods: ArcSwap::default(), other: MethodFigures::new() })
    }

    /// From now on these methods are told apart. Those that were stay.
    pub(super) fn learn<'a>(&self, names: impl Iterator<Item = &'a str> + Clone) {
        self.methods.rcu(|methods| {
            let mut methods = HashMap::clone(methods);
            for name in names.clone() {
                if methods.len() < METHODS_MAX && !methods.contains_key(name) {
                    methods.insert(name.into(), MethodFigures::new());
                }
            }
            methods
        });
    }

    pub(super) fn method(&self, name: &str) -> Arc<MethodFigures> {
        Arc::clone(self.methods.load().get(name).unwrap_or(&self.other))
    }

    fn stats(&self, service: &str) -> Vec<OutboundMethodStats> {
        let methods = self.methods.load();
        let mut stats: Vec<_> = methods.iter().map(|(name, method)| method.stats(service, name)).collect();
        stats.extend(Some(self.other.stats(service, OTHER)).filter(|other| !other.is_empty()));
        stats.sort_by(|a, b| a.method.cmp(&b.method));
        stats
    }
}

impl MethodFigures {
    fn new() -> Arc<Self> {
        let outcomes = std::array::from_fn(|_| AtomicU64::new(0));
        Arc::new(Self { outcomes, duration_ns: Histogram::new(&TIME_BOUNDS), retries: AtomicU64::new(0) })
    }

    pub(super) fn ended(&self, outcome: CallOutcome, took: Duration) {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        self.duration_ns.record_shared(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    fn stats(&self, service: &str, method: &str) -> OutboundMethodStats {
        let mut duration_ns = HistogramStats::new(&TIME_BOUNDS);
        self.duration_ns.add_to(&mut duration_ns);
        OutboundMethodStats {
            service: service.into(),
            method: method.into(),
            outcomes: self.outcomes.each_ref().map(|count| count.load(Ordering::Relaxed)),
            duration_ns,
            retries: self.retries.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_end_make_no_series_without_end() {
        let figures = OutboundFigures::default();
        for number in 0..2 * SERVICES_MAX {
            let names: Vec<_> = (0..2 * METHODS_MAX).map(|number| format!("m{number}")).collect();
            let service = figures.of(&format!("http://{number}"));
            service.learn(names.iter().map(String::as_str));
            service.method("made up").ended(CallOutcome::Rejected, Duration::from_millis(1));
        }
        let methods = figures.stats().methods;
        assert_eq!(methods.len(), (SERVICES_MAX + 1) * (METHODS_MAX + 1));
        let others = methods.iter().find(|method| &*method.service == OTHER && &*method.method == OTHER).unwrap();
        assert_eq!(others.outcomes[CallOutcome::Rejected as usize], SERVICES_MAX as u64);
    }

    #[test]
    fn what_is_counted_stays_when_a_service_is_met_again() {
        let figures = OutboundFigures::default();
        let method = || {
            let service = figures.of("Peer");
            service.learn(["greet"].into_iter());
            service.method("greet")
        };
        method().ended(CallOutcome::Ok, Duration::from_millis(1));
        method().retried();
        let stats = figures.stats().methods;
        assert_eq!((stats.len(), stats[0].outcomes[0], stats[0].retries, stats[0].duration_ns.count()), (1, 1, 1, 1));
    }
}
