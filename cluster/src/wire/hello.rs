//! Hello: who speaks, and what for. The first frame in each direction of every connection; kind 1.
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 8 | the bytes `PLAYHOUS` |
//! | 8 | 2 | the lowest version of the protocol that the sender speaks |
//! | 10 | 2 | the highest |
//! | 12 | | an [`Offer`] in MessagePack with named fields |
//!
//! The first 12 bytes stay what they are in all versions. Who dialled speaks first. Who was dialled answers by its own
//! Hello, or by [`GoAway`](super::GoAway).

use playhouse_actors::Bytes;
use serde::{Deserialize, Serialize};

use super::cursor::Cursor;
use super::prefix::{Prefix, finish};
use super::{HELLO_MAX, Malformed, VERSION};

pub(super) const KIND: u8 = 1;
pub(super) const NAME: &str = "Hello";
const MAGIC: [u8; 8] = *b"PLAYHOUS";

/// Who speaks, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The lowest and the highest version of the protocol that the sender speaks.
    pub versions: (u16, u16),
    /// Everything else.
    pub offer: Offer,
}

/// What a node says of itself at the beginning of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The cluster that it belongs to.
    pub cluster: String,
    /// Its name.
    pub node: String,
    /// Which of its lives this is.
    pub incarnation: u64,
    /// What the connection is for: decided by who dials, repeated by who is dialled.
    pub role: Role,
    /// Holds the connections together that were dialled with one control connection.
    pub association: u64,
    /// The longest body that it takes.
    pub body_max: u64,
    /// What proves that it may do what it does. Empty where nothing is asked for.
    pub credentials: Bytes,
    /// The zone that it is in, where zones are told apart.
    #[serde(default)]
    pub zone: Option<String>,
    /// Where processes of its machine reach it too.
    #[serde(default)]
    pub beside: Option<Beside>,
}

/// Where processes of one machine reach a node without its network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// The machine, by a name that no other has.
    pub host: String,
    /// The name of a unix socket that is no file, without the `@`.
    pub socket: String,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Tables, signs of life, load.
    Control,
    /// Calls.
    Data,
}

impl Hello {
    /// A hello in the versions of this crate.
    #[must_use]
    pub fn new(offer: Offer) -> Self {
        Self { versions: (VERSION, VERSION), offer }
    }

    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = Prefix::begin(KIND, 0, [0; 2], out);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.versions.0.to_le_bytes());
        out.extend_from_slice(&self.versions.1.to_le_bytes());
        let offer = rmp_serde::to_vec_named(&self.offer).expect("names and numbers have a form in MessagePack");
        out.extend_from_slice(&offer);
        finish(start, out);
    }

    /// Checks the prefix of what should be a Hello, before anything more of it is kept.
    ///
    /// # Errors
    /// When it is none.
    pub fn expect(prefix: &Prefix) -> Result<(), Malformed> {
        if prefix.kind != KIND || prefix.length > HELLO_MAX || prefix.length < MAGIC.len() + 4 {
            return Err(Malformed::NotOurs);
        }
        Ok(())
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(NAME, payload);
        if cursor.array("mark")? != MAGIC {
            return Err(Malformed::NotOurs);
        }
        let versions = (cursor.u16("lowest version")?, cursor.u16("highest version")?);
        let unreadable = |error: rmp_serde::decode::Error| Malformed::Meaningless {
            frame: NAME,
            field: "offer",
            value: error.to_string(),
        };
        Ok(Self { versions, offer: rmp_serde::from_slice(cursor.rest()).map_err(unreadable)? })
    }

    /// The version that both sides speak, if there is one.
    #[must_use]
    pub fn version(&self) -> Option<u16> {
        (self.versions.0..=self.versions.1).contains(&VERSION).then_some(VERSION)
    }
}
