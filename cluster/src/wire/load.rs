//! Load: how much each of the sender's replicas has to do. On control connections, once a second; kind 7.
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 4 | how many replicas follow |
//!
//! and for each of them:
//!
//! | size | what |
//! |---|---|
//! | 4 | number of its first method, which names it |
//! | 4 | how many messages are waiting or running |
//! | 1 | 1 if it takes messages, 0 if not |
//! | 3 | 0 |

use super::Malformed;
use super::cursor::Cursor;
use super::prefix::{IGNORABLE, Prefix, finish};

pub(super) const KIND: u8 = 7;
pub(super) const NAME: &str = "Load";
const EACH: usize = 12;

/// How much the replicas of a node have to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load(pub Vec<LoadOf>);

/// How much a replica has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadOf {
    /// The number of its first method.
    pub first: u32,
    /// How many messages are waiting or running.
    pub depth: u32,
    /// Whether it takes messages.
    pub open: bool,
}

impl Load {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = Prefix::begin(KIND, IGNORABLE, [0; 2], out);
        out.extend_from_slice(&(self.0.len() as u32).to_le_bytes());
        for LoadOf { first, depth, open } in &self.0 {
            out.extend_from_slice(&first.to_le_bytes());
            out.extend_from_slice(&depth.to_le_bytes());
            out.extend_from_slice(&[u8::from(*open), 0, 0, 0]);
        }
        finish(start, out);
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(NAME, payload);
        let count = cursor.u32("count")? as usize;
        let each = cursor.bytes("replicas", count.saturating_mul(EACH))?;
        let load = |bytes: &[u8]| {
            let mut cursor = Cursor::new(NAME, bytes);
            let (first, depth) = (cursor.u32("method")?, cursor.u32("depth")?);
            Ok(LoadOf { first, depth, open: cursor.array::<4>("state")?[0] != 0 })
        };
        each.chunks_exact(EACH).map(load).collect::<Result<_, _>>().map(Self)
    }
}
