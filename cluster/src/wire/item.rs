//! Item and End: the answer to a call that is answered by a stream. Callee to caller; kinds 19 and 20.
//!
//! | at | size | Item |
//! |---|---|---|
//! | 0 | 8 | identifier of the call |
//! | 8 | | the item, a body (`body.rs`) |
//!
//! | at | size | End |
//! |---|---|---|
//! | 0 | 8 | identifier of the call |
//! | 8 | 4 | how many messages are waiting or running at the replica now |
//!
//! An item costs one credit. A stream that ends by an error ends by [`Failure`](super::Failure) instead of End; one that
//! ends by neither was cut short.

use playhouse_actors::Encoded;

use super::Malformed;
use super::body::{self, BodyView};
use super::cursor::Cursor;
use super::prefix::{Prefix, finish};

pub(super) const KIND: u8 = 19;
pub(super) const END_KIND: u8 = 20;
pub(super) const NAME: &str = "Item";
pub(super) const END_NAME: &str = "End";

/// One item of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The call.
    pub id: u64,
    /// The item.
    pub body: BodyView<'a>,
}

/// The good end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The call.
    pub id: u64,
    /// How many messages are waiting or running at the replica.
    pub depth: u32,
}

impl<'a> Item<'a> {
    /// Writes the frame. How many parts of the body are in it; the others have to follow in chunks.
    pub fn encode(id: u64, body: &Encoded, out: &mut Vec<u8>) -> usize {
        let start = Prefix::begin(KIND, 0, body::small(body), out);
        out.extend_from_slice(&id.to_le_bytes());
        let inline = body::encode(body, out);
        finish(start, out);
        inline
    }

    pub(super) fn decode(prefix: &Prefix, payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(NAME, payload);
        let id = cursor.u64("identifier")?;
        Ok(Self { id, body: BodyView::decode(cursor, prefix.small)? })
    }
}

impl End {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = Prefix::begin(END_KIND, 0, [0; 2], out);
        out.extend_from_slice(&self.id.to_le_bytes());
        out.extend_from_slice(&self.depth.to_le_bytes());
        finish(start, out);
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(END_NAME, payload);
        Ok(Self { id: cursor.u64("identifier")?, depth: cursor.u32("depth")? })
    }
}
