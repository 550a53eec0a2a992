//! Judges what was written down: what callers were told, beside what has run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::journal::{Call, Kind, Moment, Run};

/// How long a call may take, by the service's own word.
const DEADLINE: Duration = Duration::from_secs(15);
/// How much later than at once something may happen on a busy machine.
const SLACK: Duration = Duration::from_secs(5);
/// How often a call that may be done again is sent.
const TRIES_MAX: usize = 3;
/// What callers are told of calls that were sent to a replica that is lost.
const LOST: [&str; 2] = ["NotStarted", "MayHaveRun"];

/// Everything that is known of a test.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) calls: Vec<Call>,
    pub(crate) runs: Vec<Run>,
    /// Calls whose caller was killed before they had ended.
    pub(crate) abandoned: Vec<u64>,
    /// When calls may have been lost: from the fault until its callers knew.
    pub(crate) faults: Vec<Fault>,
}

/// A time in which calls may be lost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) from: Moment,
    pub(crate) until: Moment,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: usize,
    pub(crate) not_started: usize,
    pub(crate) may_have_run: usize,
    /// Of those that may have run.
    pub(crate) have_run: usize,
}

impl History {
    /// Counts, if nothing has happened that must not.
    ///
    /// # Errors
    /// What has happened that must not.
    pub(crate) fn judge(&self) -> Result<Counts, Vec<String>> {
        let mut ran: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for run in &self.runs {
            ran.entry(run.id).or_default().push(run.process);
        }
        let none = Vec::new();
        let mut wrong = Vec::new();
        for call in &self.calls {
            let ran = ran.get(&call.id).unwrap_or(&none);
            let complaint = answered_once(call)
                .and_then(|()| in_time(call))
                .and_then(|()| ran_as_often_as_it_may(call, ran))
                .and_then(|()| told_the_truth(call, ran))
                .and_then(|()| self.lost_with_a_replica(call));
            wrong.extend(complaint.err().map(|complaint| format!("{complaint}: {call:?}, ran in {ran:?}")));
        }
        let made: BTreeSet<u64> = self.calls.iter().map(|call| call.id).chain(self.abandoned.iter().copied()).collect();
        wrong.extend(ran.keys().filter(|id| !made.contains(id)).map(|id| format!("{id} ran, which nobody has called")));
        wrong.extend(self.faults.iter().filter_map(|fault| self.went_on(fault).err()));
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let with = |outcome: &'static str| self.calls.iter().filter(move |call| call.ends[0].outcome == outcome);
        Ok(Counts {
            calls: self.calls.len(),
            not_started: with("NotStarted").count(),
            may_have_run: with("MayHaveRun").count(),
            have_run: with("MayHaveRun").filter(|call| ran.contains_key(&call.id)).count(),
        })
    }

    /// A call that has failed was in flight when a replica was lost, and has ended as soon as that was known.
    fn lost_with_a_replica(&self, call: &Call) -> Result<(), String> {
        let end = &call.ends[0];
        if end.outcome == "Ok" {
            return Ok(());
        }
        if call.kind == Kind::Look {
            return Err("it may be done again, and there was another replica".into());
        }
        if !LOST.contains(&end.outcome.as_str()) {
            return Err(format!("{} is not what becomes of a lost replica", end.outcome));
        }
        let slack = micros(SLACK);
        let in_flight =
            |fault: &&Fault| call.begun <= fault.until && (fault.from..=fault.until + slack).contains(&end.at);
        self.faults.iter().find(in_flight).map(drop).ok_or_else(|| "it has failed without a fault".into())
    }

    /// Most of the calls that were made before a fault was noticed were answered by who was left.
    fn went_on(&self, fault: &Fault) -> Result<(), String> {
        let during: Vec<_> =
            self.calls.iter().filter(|call| (fault.from..=fault.until).contains(&call.begun)).collect();
        let failed = during.iter().filter(|call| call.ends.iter().any(|end| end.outcome != "Ok")).count();
        // With half of them a router would have noticed nothing.
        match during.len() >= 100 && failed * 4 > during.len() {
            true => Err(format!("{failed} of the {} calls during a fault have failed", during.len())),
            false => Ok(()),
        }
    }
}

fn answered_once(call: &Call) -> Result<(), String> {
    match call.ends.len() {
        1 => Ok(()),
        0 => Err("it was never answered".into()),
        times => Err(format!("it was answered {times} times")),
    }
}

fn in_time(call: &Call) -> Result<(), String> {
    let took = Duration::from_micros(call.ends[0].at.saturating_sub(call.begun));
    if took > DEADLINE + SLACK { Err(format!("it has taken {took:?}")) } else { Ok(()) }
}

fn ran_as_often_as_it_may(call: &Call, ran: &[u32]) -> Result<(), String> {
    let most = if call.kind == Kind::Look { TRIES_MAX } else { 1 };
    if ran.len() > most { Err(format!("it ran {} times", ran.len())) } else { Ok(()) }
}

/// What a caller is told is so.
fn told_the_truth(call: &Call, ran: &[u32]) -> Result<(), String> {
    let end = &call.ends[0];
    match end.outcome.as_str() {
        "Ok" if !ran.contains(&end.process) => Err("it was answered by who has not run it".into()),
        "NotStarted" | "Unavailable" | "Overloaded" | "Draining" if !ran.is_empty() => {
            Err("it was told not to have started, and ran".into())
        }
        _ => Ok(()),
    }
}

fn micros(duration: Duration) -> Moment {
    u64::try_from(duration.as_micros()).expect("it is short")
}
