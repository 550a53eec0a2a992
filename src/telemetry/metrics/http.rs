//! The figures of the gateway.

use std::fmt;

use playhouse_actors::HistogramStats;

use super::page::Page;
use super::services::NS;
use crate::telemetry::table;

/// What the gateway has answered.
#[derive(Debug, Default)]
pub(crate) struct HttpStats {
    pub(crate) routes: Vec<RouteHttpStats>,
    pub(crate) in_flight: usize,
    pub(crate) connections: usize,
}

/// What was answered at one route.
#[derive(Debug)]
pub(crate) struct RouteHttpStats {
    /// The path, or what stands for paths that are no route.
    pub(crate) route: Box<str>,
    /// How many answers had each status.
    pub(crate) codes: Vec<(&'static str, u64)>,
    pub(crate) duration_ns: HistogramStats,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

pub(super) fn write(page: &mut Page<'_>, http: &HttpStats) -> fmt::Result {
    let mut family = page.family(&table::HTTP_REQUESTS)?;
    for route in &http.routes {
        for (code, count) in &route.codes {
            family.counter(&[&route.route, code], *count)?;
        }
    }
    let mut family = page.family(&table::HTTP_DURATION)?;
    http.routes.iter().try_for_each(|route| family.histogram(&[&route.route], &route.duration_ns, NS))?;
    let mut family = page.family(&table::HTTP_REQUEST_BYTES)?;
    http.routes.iter().try_for_each(|route| family.counter(&[&route.route], route.bytes_in))?;
    let mut family = page.family(&table::HTTP_RESPONSE_BYTES)?;
    http.routes.iter().try_for_each(|route| family.counter(&[&route.route], route.bytes_out))?;
    page.family(&table::HTTP_IN_FLIGHT)?.gauge(&[], http.in_flight)?;
    page.family(&table::HTTP_CONNECTIONS)?.gauge(&[], http.connections)
}
