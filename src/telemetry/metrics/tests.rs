use playhouse_actors::{HistogramStats, TIME_BOUNDS};

use super::*;
use crate::telemetry::table::{METRICS, MetricKind};

fn page(format: Format) -> String {
    let mut duration_ns = HistogramStats::new(&TIME_BOUNDS);
    duration_ns.counts[1] = 2;
    duration_ns.sum = 120_000;
    let codes = vec![("200", 2), ("404", 0)];
    let route = RouteHttpStats { route: "/echo".into(), codes, duration_ns, bytes_in: 3, bytes_out: 4 };
    let http = HttpStats { routes: vec![route], in_flight: 1, connections: 2 };
    let (outbound, spans) = (OutboundStats::default(), QueueStats::default());
    Snapshot { services: Vec::new(), routing: Vec::new(), tasks: Vec::new(), http, outbound, spans }
        .write(format)
        .unwrap()
}

#[test]
fn every_metric_of_the_table_is_written_in_both_formats() {
    for (format, suffix) in [(Format::Prometheus, true), (Format::OpenMetrics, false)] {
        let page = page(format);
        for metric in METRICS {
            let name = metric.full_name();
            let name = match metric.kind {
                // OpenMetrics has the suffix with the series alone.
                MetricKind::Counter if !suffix => name.strip_suffix("_total").unwrap().to_owned(),
                MetricKind::Info if !suffix => name.strip_suffix("_info").unwrap().to_owned(),
                _ => name,
            };
            assert!(page.contains(&format!("# HELP {name} {}.\n", metric.help)), "{name} in {format:?}: {page}");
        }
    }
}

#[test]
fn times_are_in_seconds_and_buckets_add_up() {
    let page = page(Format::Prometheus);
    for line in [
        "playhouse_http_requests_total{route=\"/echo\",code=\"200\"} 2",
        "playhouse_http_request_duration_seconds_sum{route=\"/echo\"} 0.00012",
        "playhouse_http_request_duration_seconds_count{route=\"/echo\"} 2",
        "playhouse_http_request_duration_seconds_bucket{route=\"/echo\",le=\"5e-05\"} 0",
        "playhouse_http_request_duration_seconds_bucket{route=\"/echo\",le=\"0.0001\"} 2",
        "playhouse_http_request_duration_seconds_bucket{route=\"/echo\",le=\"60\"} 2",
        "playhouse_http_request_duration_seconds_bucket{route=\"/echo\",le=\"+Inf\"} 2",
        "playhouse_http_connections_open 2",
    ] {
        assert!(page.lines().any(|written| written == line), "{line}: {page}");
    }
}

#[test]
fn the_reader_chooses_the_format() {
    let table = [
        ("", Format::Prometheus),
        ("*/*", Format::Prometheus),
        ("text/plain;version=0.0.4;q=0.5", Format::Prometheus),
        ("application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5", Format::OpenMetrics),
        ("text/html, application/openmetrics-text", Format::OpenMetrics),
    ];
    for (accept, format) in table {
        assert_eq!(Format::accepted(accept), format, "{accept}");
    }
    assert!(page(Format::OpenMetrics).ends_with("# EOF\n"));
}
