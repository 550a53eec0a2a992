//! Histories in which something has happened that must not: the oracle finds each of them.

use crate::journal::{Call, End, Kind, Moment, Run};
use crate::oracle::{Counts, Fault, History};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("oracle::accepts_what_may_happen", accepts_what_may_happen),
    ("oracle::finds_what_must_not", finds_what_must_not),
];

/// A second.
const S: Moment = 1_000_000;

fn call(id: u64, kind: Kind, begun: Moment, at: Moment, outcome: &str, process: u32) -> Call {
    Call { id, kind, begun, ends: vec![End { at, outcome: outcome.into(), process }] }
}

/// One call of each end, around the loss of process 7; 8 goes on.
fn history() -> History {
    let calls = vec![
        call(1, Kind::Enter, S, 2 * S, "Ok", 7),
        call(2, Kind::Enter, 9 * S, 13 * S, "MayHaveRun", 0),
        call(3, Kind::List, 9 * S, 13 * S, "MayHaveRun", 0),
        call(4, Kind::Enter, 11 * S, 13 * S, "NotStarted", 0),
        call(5, Kind::Look, 11 * S, 14 * S, "Ok", 8),
        call(6, Kind::Enter, 20 * S, 21 * S, "Ok", 8),
    ];
    let runs = [(1, 7), (2, 7), (5, 7), (5, 8), (6, 8), (7, 8)].map(|(id, process)| Run { id, process });
    let faults = vec![Fault { from: 10 * S, until: 13 * S }];
    History { calls, runs: runs.into(), abandoned: vec![7], faults }
}

fn accepts_what_may_happen() {
    let counts = Counts { calls: 6, not_started: 1, may_have_run: 2, have_run: 1 };
    assert_eq!(history().judge(), Ok(counts));
}

fn finds_what_must_not() {
    let table: [(&str, fn(&mut History)); 14] = [
        ("it was never answered", |history| history.calls[0].ends.clear()),
        ("it was answered 2 times", |history| {
            let again = history.calls[0].ends[0].clone();
            history.calls[0].ends.push(again);
        }),
        ("it has taken 21s", |history| history.calls[0].ends[0].at = 22 * S),
        ("it ran 2 times", |history| history.runs.push(Run { id: 1, process: 8 })),
        ("it ran 4 times", |history| history.runs.extend([Run { id: 5, process: 7 }; 2])),
        ("it was answered by who has not run it", |history| history.calls[0].ends[0].process = 8),
        ("it was told not to have started, and ran", |history| history.runs.push(Run { id: 4, process: 7 })),
        ("4444 ran, which nobody has called", |history| history.runs.push(Run { id: 4444, process: 7 })),
        ("DeadlineExceeded is not what becomes of a lost replica", |history| {
            history.calls[1].ends[0].outcome = "DeadlineExceeded".into();
        }),
        ("AnswerOfAnother is not", |history| history.calls[0].ends[0].outcome = "AnswerOfAnother".into()),
        ("it may be done again, and there was another replica", |history| {
            history.calls[4].ends[0].outcome = "MayHaveRun".into();
        }),
        ("it has failed without a fault", |history| history.faults.clear()),
        ("it has failed without a fault", |history| history.calls[1].ends[0].at = 19 * S),
        ("91 of the 202 calls during a fault have failed", |history| {
            let during = (100..300).map(|id| match id % 20 < 9 {
                true => call(id, Kind::Enter, 11 * S, 13 * S, "MayHaveRun", 0),
                false => call(id, Kind::Enter, 11 * S, 12 * S, "Ok", 8),
            });
            history.calls.extend(during);
            history.runs.extend((100..300).filter(|id| id % 20 >= 9).map(|id| Run { id, process: 8 }));
        }),
    ];
    for (words, doctor) in table {
        let mut history = history();
        doctor(&mut history);
        let wrong = history.judge().unwrap_err();
        assert!(wrong.iter().all(|wrong| wrong.contains(words)), "{words}: {wrong:?}");
    }
}
