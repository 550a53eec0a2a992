//! Every metric that there is. The code can write no other one, the documentation is made from this, and the board is
//! checked against it.

/// One metric, as all see it.
#[derive(Debug)]
pub struct Metric {
    /// Without unit and without what its kind adds: see [`Metric::full_name`].
    pub name: &'static str,
    /// What it does.
    pub kind: MetricKind,
    /// What its values are, where they are not just numbers.
    pub unit: Option<Unit>,
    /// The names of its labels. That of the buckets of a histogram, `le`, is not among them.
    pub labels: &'static [&'static str],
    /// One sentence, without a full stop.
    pub help: &'static str,
}

/// What a metric does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Never falls while the process lives.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts values by size.
    Histogram,
    /// Is always 1: what it says is in its labels.
    Info,
}

/// What the values of a metric are, where they are not just numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// As it stands in the names of metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
        }
    }
}

impl MetricKind {
    /// Its name in the text formats.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Info => "_info",
            Self::Gauge | Self::Histogram => "",
        }
    }
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Counter, unit: None, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Gauge, unit: None, labels, help }
}

const fn times(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: MetricKind::Histogram, unit: Some(Unit::Seconds), labels, help }
}

impl Metric {
    const fn in_unit(self, unit: Unit) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// Its name in queries; a histogram's has `_bucket`, `_sum` or `_count` behind it.
    #[must_use]
    pub fn full_name(&self) -> String {
        let unit = self.unit.map(|unit| format!("_{}", unit.name())).unwrap_or_default();
        format!("{}{unit}{}", self.name, self.kind.suffix())
    }
}

const SERVICE: &[&str] = &["service"];
const METHOD: &[&str] = &["service", "method"];
const ROUTE: &[&str] = &["route"];

pub(super) static REQUESTS: Metric = counter(
    "playhouse_requests",
    &["service", "method", "outcome"],
    "Calls that reached a group of this process, by how they ended: ok, or the kind of the error",
);
pub(super) static REQUEST_DURATION: Metric = times(
    "playhouse_request_duration",
    METHOD,
    "Time from a call to its end, of calls that ran: queue and run together",
);
pub(super) static REQUEST_QUEUE: Metric =
    times("playhouse_request_queue", METHOD, "Time that calls waited before they ran");
pub(super) static REQUEST_RUN: Metric = times(
    "playhouse_request_run",
    METHOD,
    "Time that calls ran; each member of a batch counts with the time of its batch",
);
pub(super) static BATCH_SIZE: Metric = Metric {
    name: "playhouse_batch_size",
    kind: MetricKind::Histogram,
    unit: None,
    labels: METHOD,
    help: "Calls that ran together, of methods that take batches",
};
pub(super) static SHED: Metric =
    counter("playhouse_requests_shed", METHOD, "Calls refused because max_concurrency was reached");
pub(super) static EXPIRED: Metric =
    counter("playhouse_requests_expired", METHOD, "Calls whose deadline passed before they were answered");
pub(super) static CANCELLED: Metric = counter(
    "playhouse_requests_cancelled",
    METHOD,
    "Calls that were withdrawn: by their callers, or by a drain that came to its limit",
);
pub(super) static STREAM_ITEMS: Metric =
    counter("playhouse_stream_items", METHOD, "Items sent by methods that answer by a stream");
pub(super) static STREAMS_OPEN: Metric = gauge("playhouse_streams_open", METHOD, "Streams that run now");
pub(super) static IN_FLIGHT: Metric = gauge(
    "playhouse_requests_in_flight",
    SERVICE,
    "Calls admitted now, waiting or running; bounded by max_concurrency",
);
pub(super) static DEPTH: Metric = gauge("playhouse_mailbox_depth", SERVICE, "Calls that wait now");
pub(super) static MAX_CONCURRENCY: Metric =
    gauge("playhouse_max_concurrency", SERVICE, "How many calls are admitted at once, over all groups of the service");
pub(super) static SLOTS: Metric = gauge("playhouse_slots", SERVICE, "How many calls all workers can run at a time");
pub(super) static SLOTS_IN_USE: Metric = gauge("playhouse_slots_in_use", SERVICE, "Calls that run now");
pub(super) static WORKERS: Metric = gauge("playhouse_workers", SERVICE, "Workers that there should be");
pub(super) static WORKERS_READY: Metric = gauge("playhouse_workers_ready", SERVICE, "Workers that are up and ready");
pub(super) static RESTARTS: Metric = counter("playhouse_worker_restarts", SERVICE, "Workers started again");
pub(super) static PANICS: Metric = counter("playhouse_panics", SERVICE, "Panics in methods");
pub(super) static GROUPS: Metric = gauge(
    "playhouse_groups",
    &["service", "status"],
    "Groups of the service, by how they fare: starting, up, failed, stopped",
);
pub(super) static ROUTED: Metric = counter(
    "playhouse_routed",
    &["service", "decision"],
    "Where calls were sent: local, remote; and those among them that were retried elsewhere after another replica had \
     refused or lost them",
);
pub(super) static RETRIES_REFUSED: Metric = counter(
    "playhouse_retries_refused",
    SERVICE,
    "Calls that were not retried elsewhere, since too many others had been",
);
pub(super) static EJECTIONS: Metric = counter(
    "playhouse_ejections",
    SERVICE,
    "How often a replica in another process was left out for a time, since a call to it had failed",
);
pub(super) static TASKS: Metric = gauge(
    "playhouse_tasks",
    &["service", "method", "state"],
    "Submitted tasks that have not ended: pending, which wait on disk, and in_progress",
);
pub(super) static TASKS_ENDED: Metric = counter(
    "playhouse_tasks_ended",
    &["service", "method", "state"],
    "Submitted tasks that have ended: completed, failed, canceled",
);
pub(super) static HTTP_REQUESTS: Metric = counter(
    "playhouse_http_requests",
    &["route", "code"],
    "HTTP requests by route and status; paths that are none are counted as other",
);
pub(super) static HTTP_DURATION: Metric = times(
    "playhouse_http_request_duration",
    ROUTE,
    "Time from the head of a request to its answer, of a stream to its end",
);
pub(super) static HTTP_REQUEST_BYTES: Metric = counter(
    "playhouse_http_request_body",
    ROUTE,
    "Bytes of the bodies of requests: as announced, or as read where nothing was announced",
)
.in_unit(Unit::Bytes);
pub(super) static HTTP_RESPONSE_BYTES: Metric =
    counter("playhouse_http_response_body", ROUTE, "Bytes of the bodies of answers").in_unit(Unit::Bytes);
pub(super) static HTTP_IN_FLIGHT: Metric =
    gauge("playhouse_http_requests_in_flight", &[], "HTTP requests that are being answered now");
pub(super) static HTTP_CONNECTIONS: Metric =
    gauge("playhouse_http_connections_open", &[], "Connections that are open now");
pub(super) static OUTBOUND_REQUESTS: Metric = counter(
    "playhouse_outbound_requests",
    &["service", "method", "outcome"],
    "Calls to services at URLs, by how they ended; one that was tried several times counts once",
);
pub(super) static OUTBOUND_DURATION: Metric = times(
    "playhouse_outbound_request_duration",
    METHOD,
    "Time from a call of a service at a URL to its end, of a stream to its own",
);
pub(super) static OUTBOUND_RETRIES: Metric =
    counter("playhouse_outbound_retries", METHOD, "Tries of such calls beyond the first");
pub(super) static OUTBOUND_CONNECTED: Metric =
    counter("playhouse_outbound_connections_opened", &[], "Connections that were made to services at URLs");
pub(super) static OUTBOUND_CONNECTIONS: Metric =
    gauge("playhouse_outbound_connections_open", &[], "Connections to services at URLs that are open now");
pub(super) static SPANS: Metric = counter(
    "playhouse_trace_spans",
    &["outcome"],
    "Spans of recorded traces: exported to the collector; failed, since it did not take them; dropped, since too many waited",
);
pub(super) static SPANS_WAITING: Metric =
    gauge("playhouse_trace_spans_waiting", &[], "Spans that wait for the collector; at most 10000");
pub(super) static BUILD: Metric = Metric {
    name: "playhouse_build",
    kind: MetricKind::Info,
    unit: None,
    labels: &["version"],
    help: "The version of Playhouse",
};
pub(super) static START_TIME: Metric =
    gauge("process_start_time", &[], "When the process started, in seconds since 1970").in_unit(Unit::Seconds);
pub(super) static RESIDENT_MEMORY: Metric =
    gauge("process_resident_memory", &[], "Memory of the process that is in RAM; on Linux").in_unit(Unit::Bytes);
pub(super) static OPEN_FDS: Metric = gauge("process_open_fds", &[], "Open file descriptors; on Linux");
pub(super) static THREADS: Metric = gauge("process_threads", &[], "Threads of the process; on Linux");
pub(super) static CPU: Metric =
    counter("process_cpu", &[], "Time that the process has computed, in the kernel too").in_unit(Unit::Seconds);

/// All of them, in the order in which they are written.
pub static METRICS: &[&Metric] = &[
    &REQUESTS,
    &REQUEST_DURATION,
    &REQUEST_QUEUE,
    &REQUEST_RUN,
    &BATCH_SIZE,
    &SHED,
    &EXPIRED,
    &CANCELLED,
    &STREAM_ITEMS,
    &STREAMS_OPEN,
    &IN_FLIGHT,
    &DEPTH,
    &MAX_CONCURRENCY,
    &SLOTS,
    &SLOTS_IN_USE,
    &WORKERS,
    &WORKERS_READY,
    &RESTARTS,
    &PANICS,
    &GROUPS,
    &ROUTED,
    &RETRIES_REFUSED,
    &EJECTIONS,
    &TASKS,
    &TASKS_ENDED,
    &HTTP_REQUESTS,
    &HTTP_DURATION,
    &HTTP_REQUEST_BYTES,
    &HTTP_RESPONSE_BYTES,
    &HTTP_IN_FLIGHT,
    &HTTP_CONNECTIONS,
    &OUTBOUND_REQUESTS,
    &OUTBOUND_DURATION,
    &OUTBOUND_RETRIES,
    &OUTBOUND_CONNECTED,
    &OUTBOUND_CONNECTIONS,
    &SPANS,
    &SPANS_WAITING,
    &BUILD,
    &START_TIME,
    &RESIDENT_MEMORY,
    &OPEN_FDS,
    &THREADS,
    &CPU,
];

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// The table as `metrics.md` has it.
    fn documentation() -> String {
        let mut text = String::from("| metric | kind | labels | what it says |\n|---|---|---|---|\n");
        for metric in METRICS {
            let (name, kind, labels, help) =
                (metric.full_name(), metric.kind.name(), metric.labels.join(", "), metric.help);
            let _ = writeln!(text, "| `{name}` | {kind} | {labels} | {help} |");
        }
        text
    }

    #[test]
    fn the_documentation_is_the_table() {
        let written = include_str!("metrics.md");
        let start = written.find("| metric |").unwrap();
        assert_eq!(&written[start..], documentation(), "put this into src/telemetry/metrics.md:\n{}", documentation());
    }

    #[test]
    fn names_are_distinct_and_in_the_form_of_the_field() {
        let mut names: Vec<_> = METRICS.iter().map(|metric| metric.full_name()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            let name = metric.name;
            assert!(name.starts_with("playhouse_") || name.starts_with("process_"), "{name}");
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
            assert!(!metric.help.is_empty() && !metric.help.ends_with('.'), "{name}");
        }
    }
}
