//! What a message carries: a typed value that moves, or bytes in a codec.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;

use ::bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{CallResult, Error};
use crate::form::Form;
use crate::raw::Raw;
use crate::split;
use crate::tensor::{Tensor, TensorSpec};

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
    /// The value, or for [`Codec::Raw`] what the bytes beside it mean.
    pub head: Bytes,
    /// What stands beside the head as it is in memory.
    pub segments: Vec<Bytes>,
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
    /// One value as it is in memory, see [`Raw`]: what it is in the head, its bytes in the one segment. For methods that
    /// take, or give, nothing else.
    Raw,
    /// Named parts, see [`Form`]: their names in the head, the content of each in a segment. For arguments only.
    Form,
    /// MessagePack as [`Codec::Msgpack`], but with its long tensors and bytes in segments beside it: between processes
    /// of Playhouse, where nothing of them is copied.
    Split,
}

impl Encoded {
    /// A body that is one piece of bytes.
    pub fn new(codec: Codec, bytes: impl Into<Bytes>) -> Self {
        Self { codec, head: bytes.into(), segments: Vec::new() }
    }

    /// Writes a value.
    ///
    /// # Errors
    /// [`ErrorKind::Service`](crate::ErrorKind::Service) when the value has no form in the codec, as NaN has none in
    /// JSON, and few types have a raw one.
    pub fn encode<T: Serialize + 'static>(value: &T, codec: Codec) -> CallResult<Self> {
        let msgpack = || {
            let written = written(|out| rmp_serde::encode::write_named(out, value));
            written.map_err(|error| cannot_encode(codec, &error))
        };
        let bytes = match codec {
            Codec::Msgpack => msgpack(),
            Codec::Split => {
                let (head, segments) = split::writing(msgpack);
                return Ok(Self { codec, head: head?, segments });
            }
            Codec::Json => {
                written(|out| serde_json::to_writer(out, value)).map_err(|error| cannot_encode(codec, &error))
            }
            Codec::Raw => {
                let raw = Raw::of(value).map(Self::from);
                return raw.ok_or_else(|| cannot_encode(codec, &"it is neither a tensor, a text nor a file"));
            }
            Codec::Form => Err(cannot_encode(codec, &"only arguments have that form")),
        }?;
        Ok(Self::new(codec, bytes))
    }

    /// Reads a value; a JSON body that is empty reads as `{}`, so that a method without arguments needs no body.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected), with what was wrong and where.
    pub fn decode<T: DeserializeOwned + 'static>(&self) -> CallResult<T> {
        match self.codec {
            Codec::Msgpack => rmp_serde::from_slice(&self.head).map_err(|error| cannot_decode(self.codec, &error)),
            Codec::Json => {
                let bytes: &[u8] = if self.head.is_empty() { b"{}" } else { &self.head };
                serde_json::from_slice(bytes).map_err(|error| cannot_decode_json::<T>(bytes, &error))
            }
            Codec::Split => {
                let read = || rmp_serde::from_slice(&self.head);
                split::reading(&self.segments, read).map_err(|error| cannot_decode(self.codec, &error))
            }
            Codec::Raw => self
                .to_raw()?
                .exactly()
                .map_err(|_| Error::malformed("a raw value was given where something else is expected")),
            Codec::Form => Form::of(self)?.read(),
        }
    }

    /// Reads a tensor of which dtype and shape are declared: numbers in JSON become that dtype.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected), with what was wrong and where.
    pub fn decode_declared(&self, declared: &TensorSpec) -> CallResult<Tensor> {
        let tensor = match self.codec {
            Codec::Json => declared.read(&mut serde_json::Deserializer::from_slice(&self.head)),
            _ => return self.decode::<Tensor>().and_then(|tensor| checked(tensor, declared)),
        };
        tensor.map_err(|error| cannot_decode(self.codec, &error)).and_then(|tensor| checked(tensor, declared))
    }

    /// The size in bytes, of all parts together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.head.len() + self.segments.iter().map(Bytes::len).sum::<usize>()
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Codec::Msgpack => "MessagePack",
            Codec::Json => "JSON",
            Codec::Raw => "raw",
            Codec::Form => "form",
            Codec::Split => "MessagePack with segments",
        })
    }
}

thread_local! {
    /// Where bodies are written before they are cut to measure: most are short, and would grow several times.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A body that is longer keeps the memory that it was written in: a copy would cost more.
const SCRATCH_MAX: usize = 16 << 10;

/// What `write` writes.
fn written<E>(write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<Bytes, E> {
    // Taken, not borrowed: a type may encode another value while it is written.
    let mut buffer = SCRATCH.take();
    buffer.clear();
    write(&mut buffer)?;
    if buffer.len() > SCRATCH_MAX {
        return Ok(buffer.into());
    }
    let bytes = Bytes::copy_from_slice(&buffer);
    SCRATCH.set(buffer);
    Ok(bytes)
}

fn checked(tensor: Tensor, declared: &TensorSpec) -> CallResult<Tensor> {
    declared.check(&tensor).map_err(|error| Error::malformed(error.to_string()))?;
    Ok(tensor)
}

fn cannot_encode(codec: Codec, error: &dyn fmt::Display) -> Error {
    Error::service("not_encodable", format!("the result cannot be written as {codec}: {error}"))
}

fn cannot_decode(codec: Codec, error: &dyn fmt::Display) -> Error {
    Error::malformed(format!("the body is not the {codec} that was expected: {error}"))
}

/// Names the field at fault, which the first reading did not keep track of: it is the one that has to be fast.
fn cannot_decode_json<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Error {
    let again = serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_slice(bytes));
    let path = again.err().map(|error| error.path().to_string());
    // What ends too early has no place of its own.
    match path.filter(|path| !error.is_eof() && !path.starts_with(['.', '?'])) {
        Some(field) => Error::rejected(field, error.to_string()),
        None => cannot_decode(Codec::Json, error),
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::Typed(_) => f.write_str("Typed"),
            Body::Encoded(encoded) => write!(f, "Encoded({}, {} bytes)", encoded.codec, encoded.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    #[test]
    fn what_does_not_fit_is_said() {
        let tensor = Tensor::from_rows(&[[1.0_f32, 2.0]]);
        let mut short = Encoded::raw(&tensor);
        short.segments[0].truncate(7);
        let messages = [
            short.decode::<Tensor>().unwrap_err().to_string(),
            Encoded::raw(&tensor).decode::<String>().unwrap_err().to_string(),
            Encoded::encode(&3_u32, Codec::Raw).unwrap_err().to_string(),
            Encoded::encode(&3_u32, Codec::Form).unwrap_err().to_string(),
            Encoded::new(Codec::Json, "[1]").to_tensor().unwrap_err().to_string(),
            Encoded::new(Codec::Json, "{").decode::<u32>().unwrap_err().to_string(),
        ];
        let expected = [
            "got 7",
            "something else",
            "neither a tensor, a text nor a file",
            "only arguments",
            "got 3 bytes of JSON",
            "not the JSON that was expected",
        ];
        for (message, expected) in messages.iter().zip(expected) {
            assert!(message.contains(expected), "{message:?} should say {expected:?}");
        }
    }
}
