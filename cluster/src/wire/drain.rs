//! Drain: the sender takes no new calls, and still answers those that it has. On control connections; kind 8, empty.

use super::prefix::{Prefix, finish};

pub(super) const KIND: u8 = 8;

/// The sender takes no new calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain;

impl Drain {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = Prefix::begin(KIND, 0, [0; 2], out);
        finish(start, out);
    }
}
