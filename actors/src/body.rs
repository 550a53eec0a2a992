//! What a message carries: a typed value that moves, or bytes in a codec.

use std::any::Any;
use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{CallResult, Error};

/// A typed value with its type forgotten: arguments on the way in, a result on the way out.
pub type Typed = Box<dyn Any + Send>;

/// The payload of a request or a response.
pub enum Body {
    /// A value of the method's own type. It moves; nothing is serialised.
    Typed(Typed),
    /// Bytes, for a caller or a replica that does not have the types at hand.
    Encoded(Encoded),
}

/// A serialised value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// How the bytes are to be read.
    pub codec: Codec,
    /// The bytes.
    pub bytes: Bytes,
}

/// How an [`Encoded`] body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Codec {
    /// MessagePack with named fields; tensors and bytes as binary.
    Msgpack,
    /// JSON; tensors as nested lists.
    Json,
}

impl Encoded {
    /// Writes a value.
    ///
    /// # Errors
    /// [`ErrorKind::Service`](crate::ErrorKind::Service) when the value has no form in the codec, as NaN has none in JSON.
    pub fn encode<T: Serialize>(value: &T, codec: Codec) -> CallResult<Self> {
        let bytes = match codec {
            Codec::Msgpack => rmp_serde::to_vec_named(value).map_err(|error| cannot_encode(codec, &error)),
            Codec::Json => serde_json::to_vec(value).map_err(|error| cannot_encode(codec, &error)),
        }?;
        Ok(Self { codec, bytes: bytes.into() })
    }

    /// Reads a value; a JSON body that is empty reads as `{}`, so that a method without arguments needs no body.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected), with what was wrong and where.
    pub fn decode<T: DeserializeOwned>(&self) -> CallResult<T> {
        match self.codec {
            Codec::Msgpack => rmp_serde::from_slice(&self.bytes).map_err(|error| cannot_decode(self.codec, &error)),
            Codec::Json => {
                let bytes: &[u8] = if self.bytes.is_empty() { b"{}" } else { &self.bytes };
                serde_json::from_slice(bytes).map_err(|error| cannot_decode(self.codec, &error))
            }
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Codec::Msgpack => "MessagePack",
            Codec::Json => "JSON",
        })
    }
}

fn cannot_encode(codec: Codec, error: &dyn fmt::Display) -> Error {
    Error::service("not_encodable", format!("the result cannot be written as {codec}: {error}"))
}

fn cannot_decode(codec: Codec, error: &dyn fmt::Display) -> Error {
    Error::malformed(format!("the body is not the {codec} that was expected: {error}"))
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Typed(_) => f.write_str("Typed"),
            Body::Encoded(encoded) => write!(f, "Encoded({}, {} bytes)", encoded.codec, encoded.bytes.len()),
        }
    }
}
