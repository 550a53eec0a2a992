//! Cancel: the caller no longer waits. Caller to callee; kind 22.
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 8 | identifier of the call |
//!
//! It has no answer. Nothing of the call's arguments follows it, and what is left of its answer need not be sent.

use super::Malformed;
use super::cursor::Cursor;
use super::prefix::{Prefix, finish};

pub(super) const KIND: u8 = 22;
pub(super) const NAME: &str = "Cancel";

/// The caller no longer waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// The call.
    pub id: u64,
}

impl Cancel {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = Prefix::begin(KIND, 0, [0; 2], out);
        out.extend_from_slice(&self.id.to_le_bytes());
        finish(start, out);
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        Ok(Self { id: Cursor::new(NAME, payload).u64("identifier")? })
    }
}
