//! What is known of a simulation when it is over: what the invariants look at.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::node::Rest;
use crate::oracle::{Call, Run};

/// What is known of a simulation when it is over.
#[derive(Clone)]
pub(crate) struct Report {
    /// By their numbers.
    pub(crate) calls: BTreeMap<u64, Call>,
    /// What ran, by the numbers of the calls.
    pub(crate) runs: BTreeMap<u64, Vec<Run>>,
    pub(crate) trace: Vec<String>,
    /// From when to when everything had to work.
    pub(crate) full: (Duration, Duration),
    /// Whether nothing went wrong but that nodes left in good order.
    pub(crate) gentle: bool,
    /// The hosts that have the services.
    pub(crate) replicas: Vec<String>,
    pub(crate) remains: Remains,
}

/// What was left when nobody called any more.
#[derive(Clone)]
pub(crate) struct Remains {
    /// What each node said of itself; nothing, if it was not there.
    pub(crate) rests: Vec<(String, Option<Rest>)>,
    /// How many ends of connections each host had.
    pub(crate) lines: Vec<(String, usize)>,
    /// The same when all nodes had left.
    pub(crate) lines_after: Vec<(String, usize)>,
}

impl Report {
    /// What ran for a call.
    pub(crate) fn runs_of(&self, number: u64) -> &[Run] {
        self.runs.get(&number).map_or(&[], Vec::as_slice)
    }

    /// What the trace says of a call, for messages.
    pub(crate) fn story_of(&self, number: u64) -> String {
        let of_call = |line: &&String| {
            line.split_once("ms: ").is_some_and(|(_, what)| {
                what.starts_with(&format!("{number} ")) || what.ends_with(&format!(" as {number}"))
            })
        };
        self.trace.iter().filter(of_call).map(|line| format!("\n    {line}")).collect()
    }
}
