//! The figures of calls to services at URLs.

use std::fmt;

use playhouse_actors::{CallOutcome, HistogramStats};

use super::page::Page;
use super::services::NS;
use crate::telemetry::table;

/// What was called at URLs.
#[derive(Debug, Default)]
pub(crate) struct OutboundStats {
    pub(crate) methods: Vec<OutboundMethodStats>,
    pub(crate) connections_opened: u64,
    pub(crate) connections_open: u64,
}

/// What was called of one method.
#[derive(Debug)]
pub(crate) struct OutboundMethodStats {
    /// The service's name, or its URL where it is called by names.
    pub(crate) service: Box<str>,
    /// The method's name, or what stands for those that are not known.
    pub(crate) method: Box<str>,
    /// By the number of the outcome.
    pub(crate) outcomes: [u64; CallOutcome::COUNT],
    pub(crate) duration_ns: HistogramStats,
    pub(crate) retries: u64,
}

impl OutboundMethodStats {
    /// Whether nothing was called.
    pub(crate) fn is_empty(&self) -> bool {
        self.outcomes.iter().all(|&count| count == 0)
    }
}

pub(super) fn write(page: &mut Page<'_>, outbound: &OutboundStats) -> fmt::Result {
    let methods = &outbound.methods;
    let mut family = page.family(&table::OUTBOUND_REQUESTS)?;
    for method in methods {
        for outcome in CallOutcome::ALL {
            let count = method.outcomes[outcome as usize];
            family.counter(&[&method.service, &method.method, outcome.name()], count)?;
        }
    }
    let mut family = page.family(&table::OUTBOUND_DURATION)?;
    methods.iter().try_for_each(|of| family.histogram(&[&of.service, &of.method], &of.duration_ns, NS))?;
    let mut family = page.family(&table::OUTBOUND_RETRIES)?;
    methods.iter().try_for_each(|of| family.counter(&[&of.service, &of.method], of.retries))?;
    page.family(&table::OUTBOUND_CONNECTED)?.counter(&[], outbound.connections_opened)?;
    page.family(&table::OUTBOUND_CONNECTIONS)?.gauge(&[], outbound.connections_open)
}
