//! Reply: the answer to a call that is answered once. Callee to caller; kind 17.
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 8 | identifier of the call |
//! | 8 | 4 | how many messages are waiting or running at the replica now |
//! | 12 | | the result, a body (`body.rs`) |

use playhouse_actors::Encoded;

use super::Malformed;
use super::body::{self, BodyView};
use super::cursor::Cursor;
use super::prefix::{Prefix, finish};

pub(super) const KIND: u8 = 17;
pub(super) const NAME: &str = "Reply";

/// The answer to a call that is answered once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The call.
    pub id: u64,
    /// How many messages are waiting or running at the replica.
    pub depth: u32,
    /// The result.
    pub body: BodyView<'a>,
}

impl<'a> Reply<'a> {
    /// Writes the frame. How many parts of the body are in it; the others have to follow in chunks.
    pub fn encode(id: u64, depth: u32, body: &Encoded, out: &mut Vec<u8>) -> usize {
        let start = Prefix::begin(KIND, 0, body::small(body), out);
        out.extend_from_slice(&id.to_le_bytes());
        out.extend_from_slice(&depth.to_le_bytes());
        let inline = body::encode(body, out);
        finish(start, out);
        inline
    }

    pub(super) fn decode(prefix: &Prefix, payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(NAME, payload);
        let (id, depth) = (cursor.u64("identifier")?, cursor.u32("depth")?);
        Ok(Self { id, depth, body: BodyView::decode(cursor, prefix.small)? })
    }
}
