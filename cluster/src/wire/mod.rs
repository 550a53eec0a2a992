//! The protocol between two processes, frame by frame. Pure: no I/O, no clock, no task.
//!
//! # Connections
//!
//! Who dials opens one *control* connection and then *data* connections; a [`Hello`] in each direction comes first on
//! every one of them. The control connection carries [`Announce`], [`Withdraw`], [`Load`], [`Ping`], [`Pong`] and
//! [`Drain`], and says by its silence that the peer is gone. Data connections carry calls, in both directions; the
//! answer comes back on the connection of its request. Either side may end any of them by [`GoAway`].
//!
//! # Frames
//!
//! All numbers are little-endian. Every frame begins with the same 8 bytes:
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 4 | length of what follows these 8 bytes, [`FRAME_MAX`] at most |
//! | 4 | 1 | kind |
//! | 5 | 1 | flags; 0x80 is [`IGNORABLE`] in every kind |
//! | 6 | 2 | two small fields of the kind, 0 where it has none |
//!
//! | kind | frame | file |
//! |---|---|---|
//! | 1 | Hello | `hello.rs` |
//! | 2 | GoAway | `go_away.rs` |
//! | 3, 4 | Ping, Pong | `ping.rs` |
//! | 5, 6 | Announce, Withdraw | `announce.rs` |
//! | 7 | Load | `load.rs` |
//! | 8 | Drain | `drain.rs` |
//! | 16 | Request | `request.rs` |
//! | 17 | Reply | `reply.rs` |
//! | 18 | Failure | `failure.rs` |
//! | 19, 20 | Item, End | `item.rs` |
//! | 21 | Credit | `credit.rs` |
//! | 22 | Cancel | `cancel.rs` |
//! | 23 | Chunk | `chunk.rs` |
//! | 32 to 39 | kept for late binding (want, grant, return) | |
//!
//! A frame of an unknown kind is skipped if it is [`IGNORABLE`]; otherwise it ends the connection. Later versions may
//! add fields behind those of a frame: what is longer than expected is read as far as it is known.
//!
//! # Calls
//!
//! A call has an identifier that its caller chose and uses for no other call of that connection while it lasts. Bodies
//! (`body.rs`) up to [`INLINE_MAX`] are in the frame; what is longer follows in [`Chunk`]s, between which frames of other
//! calls go, so that a long body delays no short call. A caller that no longer waits sends [`Cancel`]; an answer that
//! meets no call is dropped in silence, since the two may have crossed.
//!
//! # Versions
//!
//! A [`Hello`] names the lowest and the highest version that its sender speaks; both then speak the highest that they
//! have in common. This is version [`VERSION`], the first.

mod announce;
mod body;
mod cancel;
mod chunk;
mod credit;
mod cursor;
mod drain;
mod failure;
mod frame;
mod go_away;
mod hello;
mod item;
mod load;
mod malformed;
mod ping;
mod prefix;
mod reply;
mod request;

#[cfg(any(test, feature = "testing"))]
pub mod properties;
#[cfg(test)]
mod tests;

pub use announce::{Announce, Announced, AnnouncedMethod, Withdraw};
pub use body::{BodyView, can_carry};
pub use cancel::Cancel;
pub use chunk::{CHUNK_HEADER, Chunk};
pub use credit::Credit;
pub use drain::Drain;
pub use failure::Failure;
pub use frame::Frame;
pub use go_away::{GoAway, Reason};
pub use hello::{Beside, Hello, Offer, Role};
pub use item::{End, Item};
pub use load::{Load, LoadOf};
pub use malformed::Malformed;
pub use ping::{Ping, Pong};
pub use prefix::{IGNORABLE, PREFIX, Prefix};
pub use reply::Reply;
pub use request::{Request, RequestHeader, Trace};

/// The version of the protocol that this crate speaks.
pub const VERSION: u16 = 1;

/// The longest frame, without its first 8 bytes: what a reader has to hold before it can act.
pub const FRAME_MAX: usize = 1 << 20;

/// The longest [`Hello`]: what a stranger can make us hold.
pub const HELLO_MAX: usize = 16 << 10;

/// How much of a body is in its opening frame at most. A copy of so much costs less than a write of its own.
pub const INLINE_MAX: usize = 32 << 10;

/// The most bytes of a body that follow each other without a chance for other frames.
pub const CHUNK_MAX: usize = 256 << 10;

/// The longest body, of all its parts, unless configured otherwise.
pub const BODY_MAX: u64 = 256 << 20;
