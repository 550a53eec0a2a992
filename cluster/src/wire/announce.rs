//! Announce and Withdraw: what can be called at the sender. On control connections; kinds 5 and 6.
//!
//! The payload of Announce is a list of [`Announced`] in MessagePack with named fields; a field that a reader does not
//! know is passed over. Each replica has consecutive numbers for its methods, in the order given, from `first` on. A
//! number is that of one method of one replica for as long as the sender lives, so the table can grow at any time: a new
//! Announce adds to the former ones.
//!
//! The payload of Withdraw is the same kind of list, of the `first` numbers of replicas that are gone.
//!
//! `hash` is taken over the types of a method. Two that differ may well understand each other: it is there for
//! diagnosis, and decides nothing.

use playhouse_actors::MethodKind;
use serde::{Deserialize, Serialize};

use super::Malformed;
use super::prefix::{Prefix, finish};

pub(super) const KIND: u8 = 5;
pub(super) const WITHDRAW_KIND: u8 = 6;
pub(super) const NAME: &str = "Announce";
pub(super) const WITHDRAW_NAME: &str = "Withdraw";

/// Replicas that can be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Announce(pub Vec<Announced>);

/// A replica that can be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// The replica's name.
    pub replica: String,
    /// Its service's name.
    pub service: String,
    /// The number of its first method.
    pub first: u32,
    /// The deadline of a call that brings none, in microseconds.
    pub timeout_us: u64,
    /// How many messages it is to have, in proportion to the weights of other replicas.
    #[serde(default = "one")]
    pub weight: u32,
    /// Its methods.
    pub methods: Vec<AnnouncedMethod>,
}

/// A method that can be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncedMethod {
    /// Its name.
    pub name: String,
    /// `#[api(version = n)]`.
    pub version: u32,
    /// Whether it is answered by a stream.
    pub stream: bool,
    /// Whether running it twice does the same as running it once.
    pub idempotent: bool,
    /// Taken over its types, for diagnosis.
    pub hash: u64,
}

/// Replicas that are gone, by the numbers of their first methods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Withdraw(pub Vec<u32>);

impl AnnouncedMethod {
    /// Whether a method of this kind is announced as a stream.
    #[must_use]
    pub fn is_stream(kind: MethodKind) -> bool {
        kind == MethodKind::Stream
    }
}

impl Announce {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(KIND, self, out);
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        decode(NAME, payload)
    }
}

impl Withdraw {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode(WITHDRAW_KIND, self, out);
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        decode(WITHDRAW_NAME, payload)
    }
}

/// The weight of those that say nothing of it.
fn one() -> u32 {
    1
}

fn encode(kind: u8, list: &impl Serialize, out: &mut Vec<u8>) {
    let start = Prefix::begin(kind, 0, [0; 2], out);
    let list = rmp_serde::to_vec_named(list).expect("names and numbers have a form in MessagePack");
    out.extend_from_slice(&list);
    finish(start, out);
}

fn decode<T: for<'de> Deserialize<'de>>(frame: &'static str, payload: &[u8]) -> Result<T, Malformed> {
    let list = rmp_serde::from_slice(payload);
    list.map_err(|error| Malformed::Meaningless { frame, field: "list", value: error.to_string() })
}
