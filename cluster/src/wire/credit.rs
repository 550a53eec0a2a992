//! Credit: room for more items of a stream. Caller to callee; kind 21.
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 8 | identifier of the call |
//! | 8 | 4 | how many more items may be sent |

use super::Malformed;
use super::cursor::Cursor;
use super::prefix::{Prefix, finish};

pub(super) const KIND: u8 = 21;
pub(super) const NAME: &str = "Credit";

/// Room for more items of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The call.
    pub id: u64,
    /// How many more items may be sent.
    pub items: u32,
}

impl Credit {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = Prefix::begin(KIND, 0, [0; 2], out);
        out.extend_from_slice(&self.id.to_le_bytes());
        out.extend_from_slice(&self.items.to_le_bytes());
        finish(start, out);
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(NAME, payload);
        Ok(Self { id: cursor.u64("identifier")?, items: cursor.u32("items")? })
    }
}
