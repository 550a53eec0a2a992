//! Ping and Pong: whether the other side still runs. Both ways on control connections; kinds 3 and 4.
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 8 | any number; the Pong repeats that of its Ping |
//!
//! A process that was stopped, or whose threads hang, still acknowledges TCP segments; only an answer from its control
//! thread says that it lives.

use super::Malformed;
use super::cursor::Cursor;
use super::prefix::{Prefix, finish};

pub(super) const KIND: u8 = 3;
pub(super) const PONG_KIND: u8 = 4;
pub(super) const NAME: &str = "Ping";
pub(super) const PONG_NAME: &str = "Pong";

/// Asks for a [`Pong`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping(pub u64);

/// The answer to a [`Ping`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pong(pub u64);

impl Ping {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(KIND, self.0, out);
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        Cursor::new(NAME, payload).u64("number").map(Self)
    }
}

impl Pong {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(PONG_KIND, self.0, out);
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        Cursor::new(PONG_NAME, payload).u64("number").map(Self)
    }
}

fn encode(kind: u8, number: u64, out: &mut Vec<u8>) {
    let start = Prefix::begin(kind, 0, [0; 2], out);
    out.extend_from_slice(&number.to_le_bytes());
    finish(start, out);
}
