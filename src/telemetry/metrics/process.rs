//! The figures of the process itself. Those that only Linux has are left out elsewhere.

use std::fmt;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use super::page::Page;
use crate::telemetry::table;

/// When the process started, or near enough: when it first asked.
static STARTED: LazyLock<f64> = LazyLock::new(|| {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64()
});

/// Notes when the process started. To be called early.
pub(crate) fn started() {
    LazyLock::force(&STARTED);
}

pub(super) fn write(page: &mut Page<'_>) -> fmt::Result {
    page.family(&table::START_TIME)?.gauge(&[], *STARTED)?;
    if let Some(pages) = resident_pages() {
        page.family(&table::RESIDENT_MEMORY)?.gauge(&[], pages * rustix::param::page_size() as u64)?;
    }
    if let Some(count) = entries("/proc/self/fd") {
        // The folder itself was open while it was read.
        page.family(&table::OPEN_FDS)?.gauge(&[], count.saturating_sub(1))?;
    }
    if let Some(count) = entries("/proc/self/task") {
        page.family(&table::THREADS)?.gauge(&[], count)?;
    }
    page.family(&table::CPU)?.counter(&[], cpu_seconds())
}

/// The second number of `/proc/self/statm`.
fn resident_pages() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse().ok()
}

fn entries(folder: &str) -> Option<usize> {
    Some(std::fs::read_dir(folder).ok()?.count())
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "nobody reads sixteen digits of a time")]
    let (seconds, ns) = (time.tv_sec as f64, time.tv_nsec as f64);
    seconds + ns / 1e9
}
