//! How tasks are written down. A change of it is a new [`FORMAT`].
//!
//! - a record: MessagePack with named fields;
//! - a body: the length of its head as four bytes (little-endian), then MessagePack of its codec and the lengths of its
//!   parts, then the parts as they are;
//! - what a task ended with: a byte, 0 for a body and 1 for an error in MessagePack, then that.

use bytes::{Buf, Bytes};
use playhouse_actors::{Codec, Encoded};
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::tasks::clock::Timestamp;
use crate::tasks::id::TaskId;
use crate::tasks::record::{MethodName, Outcome, Record};
use crate::tasks::state::State;

/// The format that is written here.
pub(super) const FORMAT: u64 = 1;

const REPLY: u8 = 0;
const ERROR: u8 = 1;

/// A record as it is written: its id is the key beside it.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    service: &'a str,
    method: &'a str,
    reply: Codec,
    sequence: u64,
    state: State,
    attempts: u32,
    created_at: Timestamp,
    executed_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    input_bytes: u64,
    outcome_bytes: u64,
}

pub(super) fn record(record: &Record) -> Vec<u8> {
    let written = Written {
        service: &record.method.service,
        method: &record.method.method,
        reply: record.reply,
        sequence: record.sequence,
        state: record.state,
        attempts: record.attempts,
        created_at: record.created_at,
        executed_at: record.executed_at,
        finished_at: record.finished_at,
        expires_at: record.expires_at,
        input_bytes: record.input_bytes,
        outcome_bytes: record.outcome_bytes,
    };
    rmp_serde::to_vec_named(&written).expect("names and numbers have a form in MessagePack")
}

pub(super) fn read_record(id: TaskId, bytes: &[u8]) -> Result<Record, StoreError> {
    let written: Written<'_> = rmp_serde::from_slice(bytes)
        .map_err(|error| StoreError::Damaged(format!("the record of task {id}: {error}")))?;
    Ok(Record {
        id,
        method: MethodName::new(written.service, written.method),
        reply: written.reply,
        sequence: written.sequence,
        state: written.state,
        attempts: written.attempts,
        created_at: written.created_at,
        executed_at: written.executed_at,
        finished_at: written.finished_at,
        expires_at: written.expires_at,
        input_bytes: written.input_bytes,
        outcome_bytes: written.outcome_bytes,
    })
}

/// What the parts of a body are.
#[derive(Serialize, Deserialize)]
struct BodyHead {
    codec: Codec,
    /// The length of each part, the body's own head first.
    parts: Vec<usize>,
}

pub(super) fn body(body: &Encoded) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 64);
    write_body(body, &mut bytes);
    bytes
}

fn write_body(body: &Encoded, bytes: &mut Vec<u8>) {
    let parts = || [&body.head].into_iter().chain(&body.segments);
    let head = BodyHead { codec: body.codec, parts: parts().map(Bytes::len).collect() };
    let head = rmp_serde::to_vec(&head).expect("a name and numbers have a form in MessagePack");
    let length = u32::try_from(head.len()).expect("some bytes for each of a body's few parts");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&head);
    parts().for_each(|part| bytes.extend_from_slice(part));
}

pub(super) fn read_body(id: TaskId, mut bytes: Bytes) -> Result<Encoded, StoreError> {
    let damaged = |what: &str| StoreError::Damaged(format!("a body of task {id}: {what}"));
    let length = bytes.try_get_u32_le().map_err(|_| damaged("no length"))? as usize;
    if length > bytes.len() {
        return Err(damaged("no head"));
    }
    let head = bytes.split_to(length);
    let BodyHead { codec, parts } = rmp_serde::from_slice(&head).map_err(|error| damaged(&error.to_string()))?;
    let mut read = Vec::new();
    for length in parts {
        if length > bytes.len() {
            return Err(damaged("too short"));
        }
        read.push(bytes.split_to(length));
    }
    let mut read = read.into_iter();
    let head = read.next().ok_or_else(|| damaged("no parts"))?;
    Ok(Encoded { codec, head, segments: read.collect() })
}

pub(super) fn outcome(outcome: &Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Reply(reply) => {
            let mut bytes = Vec::with_capacity(reply.len() + 64);
            bytes.push(REPLY);
            write_body(reply, &mut bytes);
            bytes
        }
        Outcome::Error(error) => {
            let mut bytes = vec![ERROR];
            bytes.extend(rmp_serde::to_vec_named(error).expect("texts and numbers have a form in MessagePack"));
            bytes
        }
    }
}

pub(super) fn read_outcome(id: TaskId, mut bytes: Bytes) -> Result<Outcome, StoreError> {
    match bytes.try_get_u8() {
        Ok(REPLY) => read_body(id, bytes).map(Outcome::Reply),
        Ok(ERROR) => rmp_serde::from_slice(&bytes)
            .map(Outcome::Error)
            .map_err(|error| StoreError::Damaged(format!("the error of task {id}: {error}"))),
        _ => Err(StoreError::Damaged(format!("what task {id} ended with is of no known kind"))),
    }
}
