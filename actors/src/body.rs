//! What a message carries: a typed value that moves, or bytes in a codec.

use std::any::Any;
use std::fmt;

use ::bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{CallResult, Error};
use crate::tensor::{DType, Tensor};

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
    /// One tensor as it is in memory: its dtype and shape in the head, its elements in the one segment. For methods
    /// that take, or give, nothing else.
    Raw,
}

/// The head of a [`Codec::Raw`] body.
#[derive(Serialize, Deserialize)]
struct RawHead {
    dtype: DType,
    shape: Vec<usize>,
}

impl Encoded {
    /// A body that is one piece of bytes.
    pub fn new(codec: Codec, bytes: impl Into<Bytes>) -> Self {
        Self { codec, head: bytes.into(), segments: Vec::new() }
    }

    /// A tensor as it is in memory; its elements are not copied.
    #[must_use]
    pub fn raw(tensor: &Tensor) -> Self {
        let head = RawHead { dtype: tensor.dtype(), shape: tensor.shape().to_vec() };
        let head = rmp_serde::to_vec_named(&head).expect("a name and numbers have a form in MessagePack");
        Self { codec: Codec::Raw, head: head.into(), segments: vec![tensor.bytes().clone()] }
    }

    /// The tensor of a [`Codec::Raw`] body; its elements are not copied.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) when the body is none, or its parts do not fit.
    pub fn to_tensor(&self) -> CallResult<Tensor> {
        let (Codec::Raw, [elements]) = (self.codec, self.segments.as_slice()) else {
            return Err(Error::malformed(format!(
                "expected one raw tensor, got {} bytes of {}",
                self.len(),
                self.codec
            )));
        };
        let RawHead { dtype, shape } =
            rmp_serde::from_slice(&self.head).map_err(|error| cannot_decode(self.codec, &error))?;
        Tensor::new(dtype, shape, elements.clone()).map_err(|error| Error::malformed(error.to_string()))
    }

    /// Writes a value.
    ///
    /// # Errors
    /// [`ErrorKind::Service`](crate::ErrorKind::Service) when the value has no form in the codec, as NaN has none in
    /// JSON, and only a [`Tensor`] has a raw one.
    pub fn encode<T: Serialize + 'static>(value: &T, codec: Codec) -> CallResult<Self> {
        let bytes = match codec {
            Codec::Msgpack => rmp_serde::to_vec_named(value).map_err(|error| cannot_encode(codec, &error)),
            Codec::Json => serde_json::to_vec(value).map_err(|error| cannot_encode(codec, &error)),
            Codec::Raw => {
                let tensor = (value as &dyn Any).downcast_ref::<Tensor>();
                return tensor.map(Self::raw).ok_or_else(|| cannot_encode(codec, &"it is not a tensor"));
            }
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
            Codec::Raw => {
                let mut tensor = Some(self.to_tensor()?);
                let tensor = (&mut tensor as &mut dyn Any).downcast_mut::<Option<T>>().and_then(Option::take);
                tensor.ok_or_else(|| Error::malformed("a raw tensor was given where something else is expected"))
            }
        }
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
            Codec::Raw => "raw tensor",
        })
    }
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
    match path.filter(|path| error.is_data() && !path.starts_with(['.', '?'])) {
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

    #[test]
    fn a_raw_tensor_comes_back_without_a_copy() {
        let tensor = Tensor::from_rows(&[[1.0_f32, 2.0], [3.0, 4.0]]);
        let body = Encoded::encode(&tensor, Codec::Raw).unwrap();
        assert_eq!(body.segments[0].as_ptr(), tensor.bytes().as_ptr());
        assert_eq!(body.decode::<Tensor>().unwrap(), tensor);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let tensor = Tensor::from_rows(&[[1.0_f32, 2.0]]);
        let mut short = Encoded::raw(&tensor);
        short.segments[0].truncate(7);
        let messages = [
            short.decode::<Tensor>().unwrap_err().to_string(),
            Encoded::raw(&tensor).decode::<String>().unwrap_err().to_string(),
            Encoded::encode(&"text".to_owned(), Codec::Raw).unwrap_err().to_string(),
            Encoded::new(Codec::Json, "[1]").to_tensor().unwrap_err().to_string(),
            Encoded::new(Codec::Json, "{").decode::<u32>().unwrap_err().to_string(),
        ];
        let expected =
            ["got 7", "something else", "not a tensor", "got 3 bytes of JSON", "not the JSON that was expected"];
        for (message, expected) in messages.iter().zip(expected) {
            assert!(message.contains(expected), "{message:?} should say {expected:?}");
        }
    }
}
