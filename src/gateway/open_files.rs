//! How many files the process may have open: each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open beside connections: models, logs, the connections of services to others.
const BESIDE: u64 = 256;

/// How many connections there may be, `wanted` if the system lets us: the limit is raised as far as it may be, and what
/// is missing then is said. Without that, the first connection too many would keep the others from being accepted.
pub(super) fn allow(wanted: usize) -> usize {
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(BESIDE);
    let limit = raise(needed);
    let Some(allowed) = limit.filter(|&allowed| allowed < needed) else { return wanted };
    let connections = usize::try_from(allowed.saturating_sub(BESIDE)).unwrap_or(wanted).max(1);
    tracing::warn!(
        "this process may have {allowed} files open, so at most {connections} connections are accepted at a time instead \
         of {wanted}: raise the limit (`ulimit -n`, LimitNOFILE= of systemd) or lower --max-connections"
    );
    connections
}

/// The limit after it has been raised as far as needed and allowed; `None` if there is none.
fn raise(needed: u64) -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current?;
    let raised = maximum.map_or(needed, |maximum| needed.min(maximum));
    if raised <= current {
        return Some(current);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }) {
        Ok(()) => Some(raised),
        Err(_) => Some(current),
    }
}
