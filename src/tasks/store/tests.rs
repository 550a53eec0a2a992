//! What every store does, run on each.

use std::sync::Arc;

use bytes::Bytes;
use playhouse_actors::{Codec, Encoded, Error, Hop};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{FileStore, MemoryStore, Store, StoreError};
use crate::tasks::id::TaskId;
use crate::tasks::record::{Change, Input, MethodName, Outcome, Record};
use crate::tasks::state::State;
use crate::tasks::tests::{at, body, id};

/// Runs a test on every store.
fn each(test: impl Fn(&dyn Store)) {
    test(&MemoryStore::new());
    let folder = tempfile::tempdir().unwrap();
    test(&file(&folder));
}

pub(super) fn file(folder: &TempDir) -> FileStore {
    FileStore::open(&folder.path().join("tasks.redb")).unwrap()
}

pub(super) fn record(number: u128, state: State) -> Arc<Record> {
    Arc::new(Record {
        id: id(number),
        method: MethodName::new("Jobs", "once"),
        reply: Codec::Msgpack,
        sequence: u64::try_from(number).unwrap(),
        state,
        attempts: 3,
        created_at: at(1),
        executed_at: Some(at(2)),
        finished_at: state.has_ended().then_some(at(3)),
        expires_at: state.has_ended().then_some(at(4)),
        input_bytes: 5,
        outcome_bytes: 6,
    })
}

pub(super) fn added(number: u128, input: Input) -> Change {
    let after = Some(record(number, State::Pending));
    Change { id: id(number), before: None, after, input: Some(input), outcome: None }
}

pub(super) fn ended(number: u128, outcome: Outcome) -> Change {
    let (before, after) = (Some(record(number, State::InProgress)), Some(record(number, State::Completed)));
    Change { id: id(number), before, after, input: None, outcome: Some(outcome) }
}

fn removed(number: u128) -> Change {
    Change { id: id(number), before: Some(record(number, State::Completed)), after: None, input: None, outcome: None }
}

pub(super) fn records(store: &dyn Store) -> Vec<Record> {
    let mut records = store.records().unwrap();
    records.sort_by_key(|record| record.sequence);
    records
}

#[test]
fn what_is_written_is_read_back() {
    each(|store| {
        let parts = vec![Bytes::from_static(b"\x00\x01"), Bytes::new(), Bytes::from_static(b"\xff")];
        let raw = Encoded { codec: Codec::Raw, head: Bytes::from_static(b"head"), segments: parts };
        let hop = Hop { service: "Jobs".into(), method: "once".into(), replica: "r".into() };
        let error = Error::service("spent", "no more").returned_by(hop);
        store.commit(&[added(1, Input::Given(raw.clone())), added(2, Input::Given(body("")))]).unwrap();
        assert_eq!((store.outcome(id(1)), store.outcome(id(2))), (Ok(None), Ok(None)));
        let ends = [ended(1, Outcome::Reply(raw.clone())), ended(2, Outcome::Error(error.clone()))];
        store.commit(&ends).unwrap();
        assert_eq!((store.input(id(1)), store.input(id(2))), (Ok(raw.clone()), Ok(body(""))));
        assert_eq!(store.outcome(id(1)), Ok(Some(Outcome::Reply(raw))));
        assert_eq!(store.outcome(id(2)), Ok(Some(Outcome::Error(error))));
        assert_eq!(records(store), [1, 2].map(|number| Record::clone(&record(number, State::Completed))));
    });
}

#[test]
fn an_input_is_taken_over_from_another_task() {
    each(|store| {
        store.commit(&[added(1, Input::Given(body("one")))]).unwrap();
        // In one go with the end of the other one's time.
        store.commit(&[added(2, Input::Of(id(1))), removed(1)]).unwrap();
        assert_eq!(store.input(id(2)), Ok(body("one")));
        assert!(matches!(store.input(id(1)), Err(StoreError::Damaged(_))));
    });
}

#[test]
fn changes_are_written_together_or_not_at_all() {
    each(|store| {
        store.commit(&[added(1, Input::Given(body("one")))]).unwrap();
        let changes = [removed(1), added(2, Input::Given(body("two"))), added(3, Input::Of(id(9)))];
        assert!(matches!(store.commit(&changes), Err(StoreError::Damaged(_))));
        assert_eq!(records(store), [Record::clone(&record(1, State::Pending))]);
        store.commit(&changes[..2]).unwrap();
        assert_eq!(records(store), [Record::clone(&record(2, State::Pending))]);
    });
}

#[test]
fn what_is_removed_is_gone_with_all_that_belongs_to_it() {
    each(|store| {
        store.commit(&[added(1, Input::Given(body("one"))), ended(1, Outcome::Reply(body("1")))]).unwrap();
        store.commit(&[removed(1)]).unwrap();
        assert_eq!(records(store), []);
        assert!(store.input(id(1)).is_err());
        assert!(!matches!(store.outcome(id(1)), Ok(Some(_))));
        store.commit(&[removed(1)]).unwrap();
    });
}

#[test]
fn a_closed_store_does_nothing() {
    each(|store| {
        store.close();
        assert_eq!(store.records(), Err(StoreError::Closed));
        assert_eq!(store.commit(&[removed(1)]), Err(StoreError::Closed));
        assert_eq!(store.input(id(1)), Err(StoreError::Closed));
    });
}

fn change() -> impl Strategy<Value = Change> {
    (0..6u128, "[a-z]{0,9}").prop_flat_map(|(number, text)| {
        prop_oneof![
            Just(added(number, Input::Given(body(&text)))),
            Just(ended(number, Outcome::Reply(body(&text)))),
            Just(removed(number)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_file_is_what_memory_is(batches in prop::collection::vec(prop::collection::vec(change(), 1..5), 1..6)) {
        let (folder, memory) = (tempfile::tempdir().unwrap(), MemoryStore::new());
        for batch in batches {
            // Only tasks that are there end.
            let known: Vec<TaskId> = memory.records().unwrap().iter().map(|record| record.id).collect();
            let fits = |change: &&Change| change.outcome.is_none() || known.contains(&change.id);
            let batch: Vec<Change> = batch.iter().filter(fits).cloned().collect();
            let batch = without_ends_after_removal(batch);
            let store = file(&folder);
            store.commit(&batch).unwrap();
            memory.commit(&batch).unwrap();
            store.close();
            let store = file(&folder);
            prop_assert_eq!(records(&store), records(&memory));
            for record in records(&memory) {
                prop_assert_eq!(store.input(record.id), memory.input(record.id));
            }
        }
    }
}

/// A driver ends no task that it has removed.
fn without_ends_after_removal(batch: Vec<Change>) -> Vec<Change> {
    let mut gone: Vec<TaskId> = Vec::new();
    let fits = |change: &Change| {
        let fits = change.outcome.is_none() || !gone.contains(&change.id);
        if change.after.is_none() {
            gone.push(change.id);
        }
        fits
    };
    batch.into_iter().filter(fits).collect()
}
