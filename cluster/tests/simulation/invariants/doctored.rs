//! Simulations that went wrong, made up: each invariant has to object to its own.

use std::collections::BTreeMap;
use std::time::Duration;

use libtest_mimic::Failed;
use playhouse_actors::ErrorKind;

use super::INVARIANTS;
use crate::node::Rest;
use crate::oracle::{Call, End, Run};
use crate::report::{Remains, Report};

/// What was done to a simulation in which nothing went wrong, and who has to object.
const DOCTORED: [(&str, fn(&mut Report)); 12] = [
    ("answered", |report| call(report).ends.clear()),
    ("answered", |report| call(report).ends.push((ms(2), End::Answered))),
    ("answered", |report| call(report).ends = vec![(ms(2), End::Wrong("the answer to another call".into()))]),
    ("answered", |report| call(report).deadline = ms(1)),
    ("answered", |report| report.runs.clear()),
    ("run_once", |report| report.runs.get_mut(&1).unwrap().push(run())),
    ("proofs", |report| fail(report, ErrorKind::NotStarted { reason: "reset".into() })),
    ("gentle", |report| fail(report, ErrorKind::MayHaveRun { reason: "reset".into() })),
    ("throughput", |report| report.replicas.push("idle".into())),
    ("throughput", |report| fail(report, ErrorKind::Unavailable { reason: "gone".into() })),
    ("at_rest", |report| report.remains.rests[0].1 = None),
    ("at_rest", |report| report.remains.lines_after.push(("server-0".into(), 1))),
];

/// Shows that all is well with what is well, and that each invariant objects to what is not.
pub(crate) fn objections() -> Result<(), Failed> {
    for (name, invariant) in INVARIANTS {
        let found = invariant(&good());
        if !found.is_empty() {
            return Err(format!("{name} objects where all is well: {found:?}").into());
        }
    }
    for (index, (name, doctor)) in DOCTORED.into_iter().enumerate() {
        let mut report = good();
        doctor(&mut report);
        let (_, invariant) = INVARIANTS.into_iter().find(|(known, _)| *known == name).expect("one of the invariants");
        if invariant(&report).is_empty() {
            return Err(format!("{name} does not object to number {index}").into());
        }
    }
    Ok(())
}

/// One call that ran and was answered, and nothing else.
fn good() -> Report {
    let call = Call {
        host: "client-0".into(),
        what: "once".into(),
        idempotent: false,
        patient: true,
        began: ms(0),
        deadline: ms(10),
        ends: vec![(ms(2), End::Answered)],
    };
    let rest = Rest { counts: vec![("messages".into(), 0)], has_left: true };
    Report {
        calls: BTreeMap::from([(1, call)]),
        runs: BTreeMap::from([(1, vec![run()])]),
        trace: Vec::new(),
        full: (ms(0), ms(10)),
        gentle: true,
        replicas: vec!["server-0".into()],
        remains: Remains { rests: vec![("server-0".into(), Some(rest))], lines: Vec::new(), lines_after: Vec::new() },
    }
}

fn run() -> Run {
    Run { call: 1, host: "server-0".into(), began: ms(1), finished: true }
}

fn call(report: &mut Report) -> &mut Call {
    report.calls.get_mut(&1).expect("there is one")
}

fn fail(report: &mut Report, kind: ErrorKind) {
    call(report).ends = vec![(ms(2), End::Failed(kind.into()))];
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
