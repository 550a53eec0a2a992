//! The first 8 bytes of every frame; see the table in [`wire`](super).

use super::{FRAME_MAX, Malformed};

/// How long a prefix is.
pub const PREFIX: usize = 8;

/// A flag of every kind: who does not know the kind skips the frame.
pub const IGNORABLE: u8 = 0x80;

/// The first 8 bytes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// How many bytes of the frame follow the prefix.
    pub length: usize,
    /// What kind of frame it is.
    pub kind: u8,
    /// Bits whose meaning depends on the kind, but for [`IGNORABLE`].
    pub flags: u8,
    /// Two small fields of the kind.
    pub small: [u8; 2],
}

impl Prefix {
    /// Reads a prefix; `None` while there are fewer than 8 bytes.
    ///
    /// # Errors
    /// When the frame would be longer than allowed: it is refused before any of it is kept.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some(&[a, b, c, d, kind, flags, first, second]) = bytes.first_chunk::<PREFIX>() else { return Ok(None) };
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > FRAME_MAX {
            return Err(Malformed::TooLong { kind, length, limit: FRAME_MAX });
        }
        Ok(Some(Self { length, kind, flags, small: [first, second] }))
    }

    /// Begins a frame: its length is written by [`finish`].
    pub(super) fn begin(kind: u8, flags: u8, small: [u8; 2], out: &mut Vec<u8>) -> usize {
        let start = out.len();
        out.extend_from_slice(&[0, 0, 0, 0, kind, flags, small[0], small[1]]);
        start
    }
}

/// Ends the frame that begins at `start`.
pub(super) fn finish(start: usize, out: &mut [u8]) {
    let length = out.len() - start - PREFIX;
    debug_assert!(length <= FRAME_MAX, "who makes a frame keeps to its bounds");
    out[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
}
