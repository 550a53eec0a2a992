//! When nobody calls any more, nothing is left: no message, no permit, no stream, no call on a connection; and no more
//! connections than there should be, none when all nodes have left.

use crate::report::Report;
use crate::world::{CLIENTS, SERVERS};

/// Ends of connections by which a node is dialled, or dials: one for control, one that carries calls.
const PER_DIALLED: usize = 2;

pub(crate) fn violations(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    for (host, rest) in &report.remains.rests {
        let Some(rest) = rest else {
            found.push(format!("{host} is not there any more"));
            continue;
        };
        if !rest.has_left {
            found.push(format!("{host} cannot leave"));
        }
        for (what, count) in rest.counts.iter().filter(|(_, count)| *count > 0) {
            found.push(format!("{host} has {count} {what}"));
        }
    }
    for (host, lines) in &report.remains.lines {
        // All nodes dial all servers, and servers are dialled by all nodes.
        let dialled = if host.starts_with("server") { 2 * (SERVERS - 1) + CLIENTS } else { SERVERS };
        if *lines != dialled * PER_DIALLED {
            found.push(format!("{host} has {lines} connections, {} expected", dialled * PER_DIALLED));
        }
    }
    for (host, lines) in report.remains.lines_after.iter().filter(|(_, lines)| *lines > 0) {
        found.push(format!("{host} has {lines} connections when it has left"));
    }
    found
}
