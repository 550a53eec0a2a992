//! What holds in every simulation.

mod answered;
mod at_rest;
mod doctored;
mod gentle;
mod proofs;
mod run_once;
mod throughput;

pub(crate) use self::doctored::objections;
use crate::report::Report;

/// Looks for what may not be. What it found, each by a sentence.
type Invariant = fn(&Report) -> Vec<String>;

/// All of them, by their names.
const INVARIANTS: [(&str, Invariant); 6] = [
    ("answered", answered::violations),
    ("run_once", run_once::violations),
    ("proofs", proofs::violations),
    ("gentle", gentle::violations),
    ("throughput", throughput::violations),
    ("at_rest", at_rest::violations),
];

/// More than this says nothing new.
const SHOWN_MAX: usize = 5;

/// All violations, as they are shown.
pub(crate) fn violations(report: &Report) -> Vec<String> {
    let mut shown = Vec::new();
    for (name, invariant) in INVARIANTS {
        let found = invariant(report);
        let left_out = found.len().saturating_sub(SHOWN_MAX);
        shown.extend(found.into_iter().take(SHOWN_MAX).map(|what| format!("{name}: {what}")));
        if left_out > 0 {
            shown.push(format!("{name}: {left_out} more"));
        }
    }
    shown
}
