//! The figures of submitted tasks.

use std::fmt;

use super::page::Page;
use crate::tasks::TaskCounts;
use crate::telemetry::table;

pub(super) fn write(page: &mut Page<'_>, tasks: &[TaskCounts]) -> fmt::Result {
    let mut family = page.family(&table::TASKS)?;
    for counts in tasks {
        for (state, count) in [("pending", counts.pending), ("in_progress", counts.in_progress)] {
            family.gauge(&[&counts.service, &counts.method, state], count)?;
        }
    }
    let mut family = page.family(&table::TASKS_ENDED)?;
    for counts in tasks {
        let ended = [("completed", counts.completed), ("failed", counts.failed), ("canceled", counts.canceled)];
        for (state, count) in ended {
            family.counter(&[&counts.service, &counts.method, state], count)?;
        }
    }
    Ok(())
}
