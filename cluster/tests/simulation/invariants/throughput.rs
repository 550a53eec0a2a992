//! After the faults everything works as before: all replicas run calls, and whoever has time and asks for nothing that
//! fails gets an answer.

use playhouse_actors::ErrorKind;

use crate::oracle::{Call, End};
use crate::report::Report;

/// What is called to see how it fails.
const FAIL: [&str; 2] = ["Refuse", "Panic"];

pub(crate) fn violations(report: &Report) -> Vec<String> {
    let (from, to) = report.full;
    let mut found = Vec::new();
    for replica in &report.replicas {
        let runs = report
            .runs
            .values()
            .flatten()
            .filter(|run| run.host == *replica && (from..to).contains(&run.began))
            .count();
        if runs == 0 {
            found.push(format!("{replica} got no calls between {from:?} and {to:?}"));
        }
    }
    let meanwhile = |call: &&Call| call.began >= from && call.began < to && call.patient;
    for (number, call) in report.calls.iter().filter(|(_, call)| meanwhile(call)) {
        let fails = FAIL.iter().any(|what| call.what.contains(what));
        if !fails && call.ends.iter().any(|(_, end)| is_trouble(end)) {
            found.push(format!("call {number} failed when nothing went wrong{}", report.story_of(*number)));
        }
    }
    found
}

/// That there are too many calls is none: each of them is told at once.
fn is_trouble(end: &End) -> bool {
    match end {
        End::Answered | End::Dropped => false,
        End::Failed(error) => !matches!(error.kind(), ErrorKind::Overloaded { .. }),
        End::Wrong(_) | End::Lost => true,
    }
}
