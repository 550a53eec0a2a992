//! Whatever happens in whatever order, the books are right.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use playhouse_actors::Error;
use proptest::prelude::*;

use super::super::clock::Timestamp;
use super::super::error::TaskError;
use super::super::id::TaskId;
use super::super::ledger::{ATTEMPTS_MAX, Ledger, Limits, interrupted};
use super::super::queue::Rules;
use super::super::record::{Change, MethodName, Outcome, Record};
use super::super::state::State;
use super::{RULES, at, body, id, submission};

const LIMITS: Limits = Limits { tasks: 40, bytes: 100 };

/// What may happen, to one of few tasks of two methods.
#[derive(Clone, Debug)]
enum Step {
    Submit {
        task: u128,
        again: bool,
    },
    Retry {
        old: u128,
        task: u128,
    },
    Cancel(u128),
    Start,
    End {
        task: u128,
        ok: bool,
    },
    GiveBack(u128),
    Lose(u128),
    Pass(u64),
    /// The store takes everything so far, or takes none of it.
    Write {
        fails: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let task = || 0..24u128;
    prop_oneof![
        4 => (task(), any::<bool>()).prop_map(|(task, again)| Step::Submit { task, again }),
        1 => (task(), task()).prop_map(|(old, task)| Step::Retry { old, task }),
        2 => task().prop_map(Step::Cancel),
        3 => Just(Step::Start),
        3 => (task(), any::<bool>()).prop_map(|(task, ok)| Step::End { task, ok }),
        1 => task().prop_map(Step::GiveBack),
        1 => task().prop_map(Step::Lose),
        1 => (0..70_000u64).prop_map(Step::Pass),
        2 => prop_oneof![3 => Just(false), 1 => Just(true)].prop_map(|fails| Step::Write { fails }),
    ]
}

/// A ledger, and what a store would have of it.
struct Books {
    ledger: Ledger,
    once: Arc<MethodName>,
    again: Arc<MethodName>,
    now: Timestamp,
    stored: HashMap<TaskId, Arc<Record>>,
    unwritten: Vec<Change>,
}

impl Books {
    fn new() -> Self {
        let (once, again) = (MethodName::new("Jobs", "once"), MethodName::new("Jobs", "again"));
        let mut ledger = Ledger::new(LIMITS, Vec::new());
        ledger.offer(&once, RULES, at(0));
        ledger.offer(&again, Rules { idempotent: true, ..RULES }, at(0));
        Self { ledger, once, again, now: at(0), stored: HashMap::new(), unwritten: Vec::new() }
    }

    fn take(&mut self, step: &Step) {
        let (ledger, now) = (&mut self.ledger, self.now);
        let known: Vec<TaskId> = ledger.records().map(|record| record.id).collect();
        let is_new = |task: u128| !known.contains(&id(task));
        match *step {
            Step::Submit { task, again } if is_new(task) => {
                let method = if again { &self.again } else { &self.once };
                let _ = ledger.submit(submission(task, method, "12345678"), now);
            }
            Step::Retry { old, task } if is_new(task) => {
                let _ = ledger.retry(id(old), id(task), now);
            }
            Step::Submit { .. } | Step::Retry { .. } => {}
            Step::Cancel(task) => drop(ledger.cancel(id(task), now)),
            Step::Start => self.start(),
            Step::End { task, ok: true } => ledger.end(id(task), Outcome::Reply(body("1234")), now),
            Step::End { task, ok: false } => ledger.end(id(task), Outcome::Error(Error::malformed("no")), now),
            Step::GiveBack(task) => ledger.give_back(id(task), Duration::from_secs(1), now),
            Step::Lose(task) => ledger.lose(id(task), interrupted("by the test"), now),
            Step::Pass(millis) => {
                self.now = now.after(Duration::from_millis(millis));
                ledger.purge(3, self.now);
            }
            Step::Write { fails } => self.write(fails),
        }
        self.unwritten.extend(self.ledger.take_changes());
    }

    /// Of each method the oldest that wait are started, and no more than may run.
    fn start(&mut self) {
        let before: Vec<Arc<Record>> = self.ledger.records().cloned().collect();
        let started = self.ledger.start(self.now);
        for method in [&self.once, &self.again] {
            let of = |state| before.iter().filter(move |record| record.state == state && record.method == *method);
            let mut waiting: Vec<_> = of(State::Pending).map(|record| (record.sequence, record.id)).collect();
            waiting.sort_unstable();
            let mine: Vec<_> = started.iter().filter(|id| waiting.iter().any(|(_, other)| other == *id)).collect();
            let oldest: Vec<_> = waiting.iter().map(|(_, id)| id).take(mine.len()).collect();
            assert_eq!(mine, oldest);
            assert!(of(State::InProgress).count() + mine.len() <= RULES.concurrency);
        }
    }

    fn write(&mut self, fails: bool) {
        self.unwritten.extend(self.ledger.take_changes());
        let changes = std::mem::take(&mut self.unwritten);
        if fails {
            self.ledger.undo(&changes);
            return;
        }
        for Change { id, before, after, input, .. } in changes {
            assert_eq!(self.stored.get(&id), before.as_ref(), "a change begins where the last one ended");
            assert_eq!(input.is_some(), before.is_none() && after.is_some(), "the input comes with the task");
            match after {
                Some(record) => self.stored.insert(id, record),
                None => self.stored.remove(&id),
            };
        }
    }

    /// What a ledger would be that had always been as this one is now.
    fn check(&self) {
        let records: Vec<Record> = self.ledger.records().map(|record| Record::clone(record)).collect();
        assert!(records.len() <= LIMITS.tasks);
        for record in &records {
            assert_eq!(record.finished_at.is_some(), record.state.has_ended());
            assert_eq!(record.expires_at, record.finished_at.map(|ended| ended.after(RULES.retention)));
            assert!(record.attempts <= ATTEMPTS_MAX, "{record:?}");
        }
        let fresh = Ledger::new(LIMITS, records);
        self.ledger.assert_same(&fresh);
    }
}

proptest! {
    #[test]
    fn the_books_are_right_whatever_happens(steps in prop::collection::vec(step(), 1..120)) {
        let mut books = Books::new();
        for step in &steps {
            books.take(step);
            books.check();
        }
        books.write(true);
        let ledger: HashMap<_, _> = books.ledger.records().map(|record| (record.id, Arc::clone(record))).collect();
        prop_assert_eq!(ledger, books.stored, "what could not be written has not been");
    }
}

#[test]
fn what_there_is_no_room_for_is_refused() {
    let Books { mut ledger, once, again, .. } = Books::new();
    for number in 0..10 {
        ledger.submit(submission(number, &once, "12345"), at(1)).unwrap();
    }
    let refused = ledger.submit(submission(10, &once, ""), at(1));
    assert_eq!(refused, Err(TaskError::TooMany { method: Arc::clone(&once), max: 10 }));
    let refused = ledger.submit(submission(10, &again, &"1".repeat(51)), at(1)).unwrap_err();
    assert_eq!(refused, TaskError::Full("50 of 100 bytes are taken, 51 are wanted".into()));
    ledger.submit(submission(10, &again, &"1".repeat(50)), at(1)).unwrap();
    let nobody = MethodName::new("Jobs", "nothing");
    assert_eq!(ledger.submit(submission(11, &nobody, ""), at(1)), Err(TaskError::NotOffered(nobody)));
}

#[test]
fn only_what_has_not_ended_is_canceled_and_only_what_has_is_retried() {
    let Books { mut ledger, once, .. } = Books::new();
    ledger.submit(submission(1, &once, "1"), at(1)).unwrap();
    assert_eq!(ledger.retry(id(1), id(2), at(1)), Err(TaskError::NotEnded(id(1))));
    ledger.cancel(id(1), at(1)).unwrap();
    let ended = TaskError::HasEnded { id: id(1), state: State::Canceled };
    assert_eq!(ledger.cancel(id(1), at(1)), Err(ended));
    assert_eq!(ledger.start(at(1)), [], "it never runs");
    ledger.retry(id(1), id(2), at(1)).unwrap();
    assert_eq!(ledger.start(at(1)), [id(2)]);
    assert_eq!(ledger.retry(id(9), id(3), at(1)), Err(TaskError::NotFound));
}

#[test]
fn what_ran_when_the_process_ended_fails_or_waits_again_a_few_times() {
    let Books { mut ledger, once, again, .. } = Books::new();
    ledger.submit(submission(1, &once, "1"), at(1)).unwrap();
    ledger.submit(submission(2, &again, "2"), at(1)).unwrap();
    for life in 1..=ATTEMPTS_MAX + 1 {
        ledger.start(at(2));
        let records = ledger.records().map(|record| Record::clone(record)).collect();
        ledger = Ledger::new(LIMITS, records);
        ledger.offer(&once, RULES, at(3));
        ledger.offer(&again, Rules { idempotent: true, ..RULES }, at(3));
        let state = |number| ledger.records().find(|record| record.id == id(number)).unwrap().state;
        assert_eq!(state(1), State::Failed);
        let expected = if life < ATTEMPTS_MAX { State::Pending } else { State::Failed };
        assert_eq!(state(2), expected, "life {life}");
    }
}

#[test]
fn tasks_of_a_method_that_nobody_offers_are_kept() {
    let Books { mut ledger, once, .. } = Books::new();
    for number in 0..3 {
        ledger.submit(submission(number, &once, "1"), at(1)).unwrap();
    }
    ledger.start(at(1));
    let records = ledger.records().map(|record| Record::clone(record)).collect();
    let mut later = Ledger::new(LIMITS, records);
    assert_eq!((later.start(at(2)), later.wake_at()), (Vec::new(), None));
    assert_eq!(later.orphans().collect::<Vec<_>>(), [(&once, 3)]);
    later.offer(&once, RULES, at(2));
    assert_eq!(later.start(at(2)), [id(2)]);
    assert_eq!(later.orphans().count(), 0);
}

#[test]
fn purging_is_done_in_small_steps() {
    let Books { mut ledger, once, .. } = Books::new();
    for number in 0..5 {
        ledger.submit(submission(number, &once, "1"), at(1)).unwrap();
        ledger.cancel(id(number), at(1)).unwrap();
    }
    let end = at(1).after(RULES.retention);
    let mut left = |now| {
        ledger.purge(2, now);
        ledger.records().count()
    };
    assert_eq!(left(at(60_000)), 5, "their time is not over");
    assert_eq!([end; 4].map(&mut left), [3, 1, 0, 0]);
    assert_eq!(ledger.wake_at(), None);
}
