//! The typed form of a call: one message type for each method.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::body::Encoded;
use crate::error::CallResult;
use crate::raw::Raw;

/// A value that can cross between services: as an argument, a result or an item of a stream.
///
/// Implemented for every type that has what it takes; there is nothing to write by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument or a result of an `#[api]` method",
    note = "it needs `Serialize`, `DeserializeOwned`, `JsonSchema` and `Send + 'static`: derive the first three"
)]
pub trait Value: Serialize + DeserializeOwned + JsonSchema + Send + 'static {}

// So that rustc names the type that is no value, and not each trait that it lacks.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + JsonSchema + Send + 'static> Value for T {}

/// The arguments of one method of one service, as a value: it can be stored, forwarded, sent and broadcast.
///
/// `#[service]` makes one for each `#[api]` method, in a module named after the service. Every message is a [`Value`]: the
/// traits are named one by one so that rustc blames the argument that is none, and not the message.
pub trait Message: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// The service's name.
    const SERVICE: &'static str;
    /// The method's name.
    const METHOD: &'static str;
    /// `#[api(version = n)]`: the message reaches only replicas with the same version of the method.
    const VERSION: u32 = 1;
    /// Whether the message is written as the value of its only argument, and not as an object that names it.
    const ROOT: bool = false;
    /// The name of the only argument, if there is one and no other.
    const ONLY: Option<&'static str> = None;
    /// What the method gives; for a stream, one item.
    type Reply: Value;

    /// Checks what the types alone do not say, such as the shape of a tensor, before the message takes a place in a
    /// mailbox.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected), naming the argument.
    fn check(&self) -> CallResult<()> {
        Ok(())
    }

    /// Reads an answer. A declared tensor among nested lists of numbers becomes its dtype here, and is checked.
    ///
    /// # Errors
    /// What does not fit.
    fn read_reply(reply: &Encoded) -> CallResult<Self::Reply> {
        reply.decode()
    }

    /// The message whose only argument is of exactly the type of this value: how a [`Codec::Raw`](crate::Codec::Raw) body
    /// is read without a copy.
    ///
    /// # Errors
    /// The value, if the argument is of another type, or not the only one.
    fn from_raw(raw: Raw) -> Result<Self, Raw> {
        Err(raw)
    }
}

/// A message that is answered once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not answered once",
    note = "the method streams: use `Client::stream`"
)]
pub trait Unary: Message {}

/// A message that is answered by a stream of [`Message::Reply`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not answered by a stream",
    note = "the method answers once: use `Client::call`"
)]
pub trait Streaming: Message {}
