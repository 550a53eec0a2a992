//! The figures of spans on their way to a collector.

use std::fmt;

use super::page::Page;
use crate::telemetry::spans::QueueStats;
use crate::telemetry::table;

pub(super) fn write(page: &mut Page<'_>, queue: &QueueStats) -> fmt::Result {
    let mut family = page.family(&table::SPANS)?;
    family.counter(&["exported"], queue.exported)?;
    family.counter(&["failed"], queue.failed)?;
    family.counter(&["dropped"], queue.dropped)?;
    page.family(&table::SPANS_WAITING)?.gauge(&[], queue.waiting)
}
