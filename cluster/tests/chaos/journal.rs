//! What is written down, each line by one system call: it is there whatever becomes of its process afterwards.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file that lines are added to.
pub(crate) struct Journal(File);

/// Microseconds since 1970: a moment that all processes of a machine agree on.
pub(crate) type Moment = u64;

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) id: u64,
    pub(crate) kind: Kind,
    pub(crate) begun: Moment,
    /// How it ended, every time that it did.
    pub(crate) ends: Vec<End>,
}

/// The method that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Enter,
    Store,
    Look,
    List,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: Moment,
    /// `Ok`, or the kind of the error.
    pub(crate) outcome: String,
    /// The process that has answered, 0 if none has.
    pub(crate) process: u32,
}

/// A call that a process has begun to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) process: u32,
}

pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set");
    u64::try_from(since.as_micros()).expect("it is not that late")
}

impl Journal {
    pub(crate) fn open(path: &Path) -> Self {
        Self(OpenOptions::new().create(true).append(true).open(path).expect("the folder is the test's own"))
    }

    pub(crate) fn ran(&self, id: u64, process: u32) {
        self.add(&format!("ran {id} {process}\n"));
    }

    pub(crate) fn begun(&self, id: u64, kind: Kind) {
        self.add(&format!("begun {id} {kind:?} {}\n", now()));
    }

    pub(crate) fn ended(&self, id: u64, outcome: &str, process: u32) {
        self.add(&format!("ended {id} {outcome} {process} {}\n", now()));
    }

    fn add(&self, line: &str) {
        (&self.0).write_all(line.as_bytes()).expect("there is room on the disk");
    }
}

/// The runs that were written down so far.
pub(crate) fn runs(path: &PathBuf) -> Vec<Run> {
    let run = |words: &[&str]| match words {
        ["ran", id, process] => Run { id: number(id), process: number(process) as u32 },
        other => panic!("not a line of a replica: {other:?}"),
    };
    lines(path).iter().map(|line| run(&line.split(' ').collect::<Vec<_>>())).collect()
}

/// The calls that were written down so far, in their order.
pub(crate) fn calls(path: &PathBuf) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for line in lines(path) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["begun", id, kind, at] => {
                places.insert(number(id), calls.len());
                calls.push(Call { id: number(id), kind: kind_of(kind), begun: number(at), ends: Vec::new() });
            }
            ["ended", id, outcome, process, at] => {
                let end = End { at: number(at), outcome: outcome.into(), process: number(process) as u32 };
                calls[places[&number(id)]].ends.push(end);
            }
            ref other => panic!("not a line of a caller: {other:?}"),
        }
    }
    calls
}

fn kind_of(name: &str) -> Kind {
    let kinds = [Kind::Enter, Kind::Store, Kind::Look, Kind::List];
    kinds.into_iter().find(|kind| format!("{kind:?}") == name).expect("it was written by a caller")
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number was written")
}

/// The whole lines; one that is being written is left out.
fn lines(path: &PathBuf) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    text[..whole].lines().map(Into::into).collect()
}
