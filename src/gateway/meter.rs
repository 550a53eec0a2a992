//! What was answered, by route and status. Each thread counts in a part of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use playhouse_actors::{Histogram, HistogramStats, TIME_BOUNDS};

use super::table::Table;
use super::{documents, probe};
use crate::telemetry::metrics::RouteHttpStats;

/// Stands for all paths that are no route: whatever the internet asks for makes no series of its own.
const OTHER: &str = "other";

/// Paths that are there whatever the services are, beside the probes.
const FIXED: [&str; 4] = ["/", "/schema.json", "/docs.json", documents::ASSETS];

/// A client that did not wait for its answer, as nginx has it.
pub(super) const GONE: u16 = 499;

/// The statuses that are told apart, and one for what is left of each class.
const CODES: [&str; 31] = [
    "200", "201", "202", "204", "206", "301", "302", "304", "400", "401", "403", "404", "405", "406", "408", "409",
    "411", "413", "415", "422", "429", "431", "499", "500", "501", "502", "503", "504", "2xx", "4xx", "5xx",
];

/// Written from the start, so that a rate of failures is 0 and not unknown.
const FROM_THE_START: [&str; 2] = ["200", "500"];

/// The meters of all routes.
pub(super) struct Meters {
    parts: usize,
    routes: ArcSwap<HashMap<Box<str>, Arc<Meter>>>,
    other: Arc<Meter>,
    connections: Arc<AtomicUsize>,
}

/// What was answered at one route.
pub(super) struct Meter {
    route: Box<str>,
    parts: Box<[Part]>,
}

/// What some threads have counted: one, as a rule.
#[repr(align(128))]
struct Part {
    codes: [AtomicU64; CODES.len()],
    duration_ns: Histogram<{ TIME_BOUNDS.len() }>,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// One request with its answer.
pub(super) struct Answered {
    pub(super) code: u16,
    pub(super) took: Duration,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
}

/// A connection that is open. Dropped with it.
pub(super) struct Connected(Arc<AtomicUsize>);

impl Meters {
    /// Meters for so many threads.
    pub(super) fn new(threads: usize) -> Self {
        let other = Meter::new(OTHER, threads);
        let meters = Self { parts: threads, routes: ArcSwap::default(), other, connections: Arc::default() };
        meters.add(&probe::PATHS);
        meters.add(&FIXED);
        meters
    }

    /// From now on the paths of all methods are routes, and what is said of each service. Those that were stay: what is
    /// counted never falls.
    pub(super) fn learn(&self, table: &Table) {
        self.add(&table.paths().collect::<Vec<_>>());
        let services = table.services.iter();
        let said =
            services.flat_map(|service| ["schema.json", "readyz"].map(|said| format!("/{}/{said}", service.name)));
        let said: Vec<_> = said.collect();
        self.add(&said.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// From now on these are routes.
    pub(super) fn add(&self, paths: &[&str]) {
        self.routes.rcu(|routes| {
            let mut routes = HashMap::clone(routes);
            for &path in paths {
                if !routes.contains_key(path) {
                    routes.insert(path.into(), Meter::new(path, self.parts));
                }
            }
            routes
        });
    }

    /// The meter for a path as it is looked up.
    pub(super) fn of(&self, path: &str) -> Arc<Meter> {
        let routes = self.routes.load();
        let route = routes.get(path).or_else(|| routes.get(path.strip_suffix('/')?));
        let route = route.or_else(|| routes.get(documents::ASSETS).filter(|_| documents::is_asset(path)));
        Arc::clone(route.unwrap_or(&self.other))
    }

    /// Counts a connection until what is returned is dropped.
    pub(super) fn connect(&self) -> Connected {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(Arc::clone(&self.connections))
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The figures of all routes, in the order of their names.
    pub(super) fn stats(&self) -> Vec<RouteHttpStats> {
        let routes = self.routes.load();
        let mut stats: Vec<_> = routes.values().chain([&self.other]).map(|meter| meter.stats()).collect();
        stats.sort_by(|a, b| a.route.cmp(&b.route));
        stats
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Meter {
    fn new(route: &str, parts: usize) -> Arc<Self> {
        let parts = (0..parts.max(1)).map(|_| Part::new()).collect();
        Arc::new(Self { route: route.into(), parts })
    }

    /// The route, if it is one.
    pub(super) fn route(&self) -> Option<&str> {
        (&*self.route != OTHER).then_some(&self.route)
    }

    /// Counts an answer that was given on a thread with this number.
    pub(super) fn count(&self, thread: usize, answered: &Answered) {
        let part = &self.parts[thread % self.parts.len()];
        part.codes[place_of(answered.code)].fetch_add(1, Ordering::Relaxed);
        part.duration_ns.record_shared(u64::try_from(answered.took.as_nanos()).unwrap_or(u64::MAX));
        part.bytes_in.fetch_add(answered.bytes_in, Ordering::Relaxed);
        part.bytes_out.fetch_add(answered.bytes_out, Ordering::Relaxed);
    }

    fn stats(&self) -> RouteHttpStats {
        let sum =
            |of: &dyn Fn(&Part) -> &AtomicU64| self.parts.iter().map(|part| of(part).load(Ordering::Relaxed)).sum();
        let codes = CODES.iter().enumerate().map(|(place, &code)| (code, sum(&|part| &part.codes[place])));
        let mut duration_ns = HistogramStats::new(&TIME_BOUNDS);
        self.parts.iter().for_each(|part| part.duration_ns.add_to(&mut duration_ns));
        RouteHttpStats {
            route: self.route.clone(),
            codes: codes.filter(|(code, count)| *count > 0 || FROM_THE_START.contains(code)).collect(),
            duration_ns,
            bytes_in: sum(&|part| &part.bytes_in),
            bytes_out: sum(&|part| &part.bytes_out),
        }
    }
}

impl Part {
    fn new() -> Self {
        Self {
            codes: std::array::from_fn(|_| AtomicU64::new(0)),
            duration_ns: Histogram::new(&TIME_BOUNDS),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
        }
    }
}

/// Where a status is counted.
fn place_of(code: u16) -> usize {
    const OK: u16 = 200;
    // Nearly always.
    if code == OK {
        return 0;
    }
    let place = |name: &str| CODES.iter().position(|&known| known == name);
    let class = match code {
        500.. => "5xx",
        400..500 => "4xx",
        _ => "2xx",
    };
    place(&code.to_string()).or_else(|| place(class)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: u16) -> Answered {
        Answered { code, took: Duration::from_millis(3), bytes_in: 5, bytes_out: 7 }
    }

    #[test]
    fn each_status_has_a_place_and_unknown_ones_that_of_their_class() {
        let table = [(200, "200"), (204, "204"), (207, "2xx"), (404, "404"), (418, "4xx"), (499, "499"), (507, "5xx")];
        for (code, expected) in table {
            assert_eq!(CODES[place_of(code)], expected, "{code}");
        }
    }

    #[test]
    fn paths_that_are_no_routes_share_one_series() {
        let meters = Meters::new(2);
        meters.add(&["/echo"]);
        let before = meters.stats().len();
        for (thread, path) in ["/echo", "/echo/", "/wp-login.php", "/.env", "/echo/x"].into_iter().enumerate() {
            meters.of(path).count(thread, &answered(404));
        }
        let stats = meters.stats();
        assert_eq!(stats.len(), before);
        let count = |route: &str| {
            let stats = stats.iter().find(|stats| &*stats.route == route).unwrap();
            (stats.codes.iter().find(|(code, _)| *code == "404").unwrap().1, stats.bytes_in, stats.duration_ns.count())
        };
        assert_eq!((count("/echo"), count(OTHER)), ((2, 10, 2), (3, 15, 3)));
    }

    #[test]
    fn connections_are_counted_while_they_are_open() {
        let meters = Meters::new(1);
        let (first, second) = (meters.connect(), meters.connect());
        drop(first);
        assert_eq!(meters.connections(), 1);
        drop(second);
        assert_eq!(meters.connections(), 0);
    }
}
