//! What really happened: every call that was made, every method that ran for one, noted outside of all hosts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_actors::Error;

thread_local! {
    static ORACLE: RefCell<Oracle> = RefCell::default();
}

/// What happened in one simulation, which has a thread of its own.
#[derive(Clone, Default)]
pub(crate) struct Oracle {
    /// By their numbers.
    pub(crate) calls: BTreeMap<u64, Call>,
    pub(crate) runs: Vec<Run>,
    /// Everything in the order in which it happened: equal for equal seeds.
    pub(crate) trace: Vec<String>,
}

/// A call, as its caller sees it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The host that it was made on.
    pub(crate) host: String,
    pub(crate) what: String,
    /// Whether it may run more than once.
    pub(crate) idempotent: bool,
    /// Whether there was ample time for it.
    pub(crate) patient: bool,
    pub(crate) began: Duration,
    /// When it has to be over at the latest.
    pub(crate) deadline: Duration,
    pub(crate) ends: Vec<(Duration, End)>,
}

/// How a call ended for its caller.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// With what it asked for.
    Answered,
    /// With something else.
    Wrong(String),
    Failed(Error),
    /// Its caller did not want to wait any longer.
    Dropped,
    /// The caller's host is gone.
    Lost,
}

/// A method that ran for a call.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) call: u64,
    /// Where it ran.
    pub(crate) host: String,
    pub(crate) began: Duration,
    /// Whether it came to its end.
    pub(crate) finished: bool,
}

/// A method that is running. To be kept until it ends.
pub(crate) struct Running(usize);

/// How long the simulation has gone on.
pub(crate) fn now() -> Duration {
    turmoil::sim_elapsed().unwrap_or_default()
}

/// Notes something that happens.
pub(crate) fn note(what: impl FnOnce() -> String) {
    note_at(now(), &what());
}

/// Notes something that happens outside of all hosts.
pub(crate) fn note_at(at: Duration, what: &str) {
    ORACLE.with_borrow_mut(|oracle| oracle.note(at, what));
}

/// Notes a call that begins. Its number.
pub(crate) fn begin(call: Call) -> u64 {
    ORACLE.with_borrow_mut(|oracle| {
        let number = oracle.calls.len() as u64 + 1;
        oracle.note(call.began, &format!("{} calls {} as {number}", call.host, call.what));
        oracle.calls.insert(number, call);
        number
    })
}

/// Notes that a call may take until then: a stream, of which an item has come.
pub(crate) fn extend(number: u64, deadline: Duration) {
    ORACLE.with_borrow_mut(|oracle| {
        if let Some(call) = oracle.calls.get_mut(&number) {
            call.deadline = deadline;
        }
    });
}

/// Notes that a call ends.
pub(crate) fn end(number: u64, end: End) {
    ORACLE.with_borrow_mut(|oracle| {
        oracle.note(now(), &format!("{number} ends: {end}"));
        if let Some(call) = oracle.calls.get_mut(&number) {
            call.ends.push((now(), end));
        }
    });
}

/// Notes that all callers on a host are gone.
pub(crate) fn lost(host: &str, at: Duration) {
    ORACLE.with_borrow_mut(|oracle| {
        oracle.note(at, &format!("{host} is gone"));
        for call in oracle.calls.values_mut().filter(|call| call.host == host && call.ends.is_empty()) {
            call.ends.push((at, End::Lost));
        }
    });
}

/// Everything that happened on this thread, which begins anew.
pub(crate) fn take() -> Oracle {
    ORACLE.take()
}

impl Running {
    pub(crate) fn begin(call: u64, host: &str) -> Self {
        ORACLE.with_borrow_mut(|oracle| {
            oracle.note(now(), &format!("{call} runs on {host}"));
            oracle.runs.push(Run { call, host: host.into(), began: now(), finished: false });
            Self(oracle.runs.len() - 1)
        })
    }

    /// Notes that it comes to its end.
    pub(crate) fn finish(self) {
        ORACLE.with_borrow_mut(|oracle| oracle.runs[self.0].finished = true);
    }
}

impl Oracle {
    fn note(&mut self, at: Duration, what: &str) {
        self.trace.push(format!("{:>6} ms: {what}", at.as_millis()));
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Answered => f.write_str("answered"),
            End::Wrong(what) => write!(f, "wrong: {what}"),
            End::Failed(error) => write!(f, "{error}"),
            End::Dropped => f.write_str("dropped"),
            End::Lost => f.write_str("lost"),
        }
    }
}
