//! The figures of services and their methods.

use std::fmt;

use playhouse_actors::{CallOutcome, HistogramStats, MethodStats, RouteStats, ServiceStats};

use super::page::Page;
use crate::telemetry::table::{self, Metric};

/// Nanoseconds in a second.
pub(super) const NS: f64 = 1e9;

pub(super) fn write(page: &mut Page<'_>, services: &[ServiceStats], routing: &[(Box<str>, RouteStats)]) -> fmt::Result {
    outcomes(page, services)?;
    times(page, &table::REQUEST_DURATION, services, |method| &method.duration_ns)?;
    times(page, &table::REQUEST_QUEUE, services, |method| &method.queue_ns)?;
    times(page, &table::REQUEST_RUN, services, |method| &method.run_ns)?;
    batches(page, services)?;
    counters(page, &table::SHED, services, |method| Some(method.shed()))?;
    counters(page, &table::EXPIRED, services, |method| Some(method.expired()))?;
    counters(page, &table::CANCELLED, services, |method| Some(method.cancelled()))?;
    counters(page, &table::STREAM_ITEMS, services, |method| method.items)?;
    streams(page, services)?;
    gauges(page, &table::IN_FLIGHT, services, |service| service.admitted)?;
    gauges(page, &table::DEPTH, services, |service| service.depth)?;
    gauges(page, &table::MAX_CONCURRENCY, services, |service| service.max_concurrency)?;
    gauges(page, &table::SLOTS, services, |service| service.slots)?;
    gauges(page, &table::SLOTS_IN_USE, services, |service| service.running)?;
    gauges(page, &table::WORKERS, services, |service| service.workers)?;
    gauges(page, &table::WORKERS_READY, services, |service| service.workers_ready)?;
    counted(page, &table::RESTARTS, services, |service| service.restarted)?;
    counted(page, &table::PANICS, services, |service| service.panicked)?;
    groups(page, services)?;
    routed(page, services, routing)?;
    routes(page, &table::RETRIES_REFUSED, routing, |routes| routes.retries_refused)?;
    routes(page, &table::EJECTIONS, routing, |routes| routes.ejected)
}

/// Each method with the name of its service.
fn methods(services: &[ServiceStats]) -> impl Iterator<Item = (&'static str, &MethodStats)> {
    services.iter().flat_map(|service| service.methods.iter().map(|method| (service.service, method)))
}

fn outcomes(page: &mut Page<'_>, services: &[ServiceStats]) -> fmt::Result {
    let mut family = page.family(&table::REQUESTS)?;
    for (service, method) in methods(services) {
        for outcome in CallOutcome::ALL {
            family.counter(&[service, method.method, outcome.name()], method.ended(outcome))?;
        }
    }
    Ok(())
}

fn times(
    page: &mut Page<'_>,
    metric: &'static Metric,
    services: &[ServiceStats],
    of: fn(&MethodStats) -> &HistogramStats,
) -> fmt::Result {
    let mut family = page.family(metric)?;
    for (service, method) in methods(services) {
        family.histogram(&[service, method.method], of(method), NS)?;
    }
    Ok(())
}

fn batches(page: &mut Page<'_>, services: &[ServiceStats]) -> fmt::Result {
    let mut family = page.family(&table::BATCH_SIZE)?;
    for (service, method) in methods(services) {
        if let Some(batches) = &method.batches {
            family.histogram(&[service, method.method], batches, 1.0)?;
        }
    }
    Ok(())
}

fn counters(
    page: &mut Page<'_>,
    metric: &'static Metric,
    services: &[ServiceStats],
    of: fn(&MethodStats) -> Option<u64>,
) -> fmt::Result {
    let mut family = page.family(metric)?;
    for (service, method) in methods(services) {
        if let Some(count) = of(method) {
            family.counter(&[service, method.method], count)?;
        }
    }
    Ok(())
}

fn streams(page: &mut Page<'_>, services: &[ServiceStats]) -> fmt::Result {
    let mut family = page.family(&table::STREAMS_OPEN)?;
    for (service, method) in methods(services).filter(|(_, method)| method.items.is_some()) {
        family.gauge(&[service, method.method], method.streams)?;
    }
    Ok(())
}

fn gauges(
    page: &mut Page<'_>,
    metric: &'static Metric,
    services: &[ServiceStats],
    of: fn(&ServiceStats) -> usize,
) -> fmt::Result {
    let mut family = page.family(metric)?;
    services.iter().try_for_each(|service| family.gauge(&[service.service], of(service)))
}

fn counted(
    page: &mut Page<'_>,
    metric: &'static Metric,
    services: &[ServiceStats],
    of: fn(&ServiceStats) -> u64,
) -> fmt::Result {
    let mut family = page.family(metric)?;
    services.iter().try_for_each(|service| family.counter(&[service.service], of(service)))
}

fn groups(page: &mut Page<'_>, services: &[ServiceStats]) -> fmt::Result {
    let mut family = page.family(&table::GROUPS)?;
    for service in services {
        let groups = &service.groups;
        let by_status =
            [("starting", groups.starting), ("up", groups.up), ("failed", groups.failed), ("stopped", groups.stopped)];
        for (status, count) in by_status {
            family.gauge(&[service.service, status], count)?;
        }
    }
    Ok(())
}

fn routed(page: &mut Page<'_>, services: &[ServiceStats], routing: &[(Box<str>, RouteStats)]) -> fmt::Result {
    let mut family = page.family(&table::ROUTED)?;
    for (service, routes) in routing {
        let here = services.iter().find(|stats| stats.service == &**service);
        // Whatever reached a group here was sent to it: counting that once more would cost each call.
        let local = here.into_iter().flat_map(|here| &here.methods).flat_map(|method| {
            let outcomes = CallOutcome::ALL.into_iter();
            outcomes.map(|outcome| method.ended(outcome))
        });
        family.counter(&[service, "local"], local.sum::<u64>())?;
        family.counter(&[service, "remote"], routes.remote)?;
        family.counter(&[service, "retried"], routes.retried)?;
    }
    Ok(())
}

fn routes(
    page: &mut Page<'_>,
    metric: &'static Metric,
    routing: &[(Box<str>, RouteStats)],
    of: fn(&RouteStats) -> u64,
) -> fmt::Result {
    let mut family = page.family(metric)?;
    routing.iter().try_for_each(|(service, routes)| family.counter(&[service], of(routes)))
}
