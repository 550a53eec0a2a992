//! Failure: the end of a call by an error. Callee to caller; kind 18.
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 8 | identifier of the call |
//! | 8 | 4 | how many messages are waiting or running at the replica now |
//! | 12 | | the error ([`playhouse_actors::Error`]) in MessagePack with named fields |
//!
//! Flag 0x01 says that the method certainly did not run. An error that a later version has and this one cannot read is
//! [`NotStarted`](ErrorKind::NotStarted) with that flag, and [`MayHaveRun`](ErrorKind::MayHaveRun) without it.

use playhouse_actors::{Error, ErrorKind};

use super::cursor::Cursor;
use super::prefix::{Prefix, finish};
use super::{FRAME_MAX, Malformed};

pub(super) const KIND: u8 = 18;
pub(super) const NAME: &str = "Failure";
const NOT_STARTED: u8 = 0x01;

/// How much of a message that is too long is kept.
const TEXT_MAX: usize = 64 << 10;

/// The end of a call by an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The call.
    pub id: u64,
    /// How many messages are waiting or running at the replica.
    pub depth: u32,
    /// The error.
    pub error: Error,
}

impl Failure {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let flags = if self.error.proves_not_started() { NOT_STARTED } else { 0 };
        let start = Prefix::begin(KIND, flags, [0; 2], out);
        out.extend_from_slice(&self.id.to_le_bytes());
        out.extend_from_slice(&self.depth.to_le_bytes());
        out.extend_from_slice(&written(&self.error));
        finish(start, out);
    }

    pub(super) fn decode(prefix: &Prefix, payload: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(NAME, payload);
        let (id, depth) = (cursor.u64("identifier")?, cursor.u32("depth")?);
        let error = rmp_serde::from_slice(cursor.rest()).unwrap_or_else(|_| unreadable(prefix.flags));
        Ok(Self { id, depth, error })
    }
}

fn unreadable(flags: u8) -> Error {
    let reason = "the replica answered by an error of a later version".to_owned();
    match flags & NOT_STARTED {
        0 => ErrorKind::MayHaveRun { reason }.into(),
        _ => ErrorKind::NotStarted { reason }.into(),
    }
}

/// The error in MessagePack; of one that would not fit into a frame, a part of its text.
fn written(error: &Error) -> Vec<u8> {
    let whole = rmp_serde::to_vec_named(error).expect("texts and numbers have a form in MessagePack");
    if whole.len() < FRAME_MAX / 2 {
        return whole;
    }
    let text = error.to_string();
    let text = &text[..text.floor_char_boundary(TEXT_MAX)];
    let short = if error.proves_not_started() { Error::malformed(text) } else { Error::service("too_long", text) };
    rmp_serde::to_vec_named(&short).expect("texts and numbers have a form in MessagePack")
}
