//! What is not idempotent runs once at most.

use crate::report::Report;

pub(crate) fn violations(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    for (&number, _) in report.calls.iter().filter(|(_, call)| !call.idempotent) {
        let runs = report.runs_of(number).len();
        if runs > 1 {
            found.push(format!("call {number} ran {runs} times{}", report.story_of(number)));
        }
    }
    found
}
