//! The ledger by properties, and the driver on a paused clock and a store that fails when it is told to.

mod driver;
mod ledger;

use std::sync::Arc;
use std::time::Duration;

use playhouse_actors::{Codec, Encoded};

use super::clock::Timestamp;
use super::id::TaskId;
use super::ledger::Submission;
use super::queue::Rules;
use super::record::{Input, MethodName};

/// The tasks of one method, two at a time and ten in all.
pub(super) const RULES: Rules =
    Rules { concurrency: 2, max_unfinished: 10, retention: Duration::from_secs(60), idempotent: false };

pub(super) fn id(number: u128) -> TaskId {
    TaskId::from_number(number)
}

pub(super) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(super) fn body(text: &str) -> Encoded {
    Encoded::new(Codec::Json, text.to_owned())
}

pub(super) fn submission(number: u128, method: &Arc<MethodName>, text: &str) -> Submission {
    Submission {
        id: id(number),
        method: Arc::clone(method),
        input: Input::Given(body(text)),
        input_bytes: text.len() as u64,
        reply: Codec::Json,
    }
}
