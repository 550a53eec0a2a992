//! Chunk: bytes of a body that was opened by a [`Request`](super::Request), [`Reply`](super::Reply) or
//! [`Item`](super::Item). Kind 23; flag 0x01 when it goes from callee to caller.
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 8 | identifier of the call |
//! | 8 | | the next bytes of the body's current part, 256 KiB at most |
//!
//! A chunk for a call that is not known is skipped: it may have been refused or cancelled meanwhile.

use super::cursor::Cursor;
use super::prefix::Prefix;
use super::{CHUNK_MAX, Malformed, PREFIX};

pub(super) const KIND: u8 = 23;
pub(super) const NAME: &str = "Chunk";
const TO_CALLER: u8 = 0x01;

/// How many bytes of a chunk's frame come before its own.
pub const CHUNK_HEADER: usize = PREFIX + 8;

/// The head of a chunk; its bytes follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The call.
    pub id: u64,
    /// Whether it is part of an answer.
    pub to_caller: bool,
    /// How many bytes it has.
    pub length: usize,
}

impl Chunk {
    /// What comes before the chunk's bytes.
    #[must_use]
    pub fn header(&self) -> [u8; CHUNK_HEADER] {
        debug_assert!(self.length <= CHUNK_MAX, "cut by who sends it");
        let mut header = [0; CHUNK_HEADER];
        header[..4].copy_from_slice(&(self.length as u32 + 8).to_le_bytes());
        header[4] = KIND;
        header[5] = if self.to_caller { TO_CALLER } else { 0 };
        header[PREFIX..].copy_from_slice(&self.id.to_le_bytes());
        header
    }

    /// Reads the head of a chunk from the beginning of a frame; `None` while it is not complete.
    ///
    /// # Errors
    /// When the chunk is too long, or too short to have a head.
    pub fn decode(prefix: &Prefix, frame: &[u8]) -> Result<Option<Self>, Malformed> {
        let short = Malformed::Short { frame: NAME, field: "identifier" };
        let length = prefix.length.checked_sub(8).ok_or(short)?;
        if length > CHUNK_MAX {
            return Err(Malformed::TooLong { kind: KIND, length, limit: CHUNK_MAX });
        }
        if frame.len() < CHUNK_HEADER {
            return Ok(None);
        }
        let id = Cursor::new(NAME, &frame[PREFIX..]).u64("identifier")?;
        Ok(Some(Self { id, to_caller: prefix.flags & TO_CALLER != 0, length }))
    }

    /// Whether a frame is a chunk.
    #[must_use]
    pub fn is(prefix: &Prefix) -> bool {
        prefix.kind == KIND
    }
}
