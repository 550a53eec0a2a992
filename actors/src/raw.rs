//! One value as it is in memory: a tensor, a text, or the bytes of a file.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ::bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::body::{Codec, Encoded};
use crate::error::{CallResult, Error};
use crate::file::File;
use crate::form::{Form, Part};
use crate::message::Message;
use crate::tensor::{DType, Tensor};

/// One value as it is in memory: what a [`Codec::Raw`] body is read as, and written from. Nothing of it is copied on the
/// way but a text, whose bytes are rarely its own.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Raw {
    /// A tensor: its elements, row-major and little-endian.
    Tensor(Tensor),
    /// A text.
    Text(String),
    /// A file, or bytes of which nothing more is known.
    File(File),
    /// Nothing: what may be a file, and is none.
    Nothing,
}

/// The head of a [`Codec::Raw`] body: what the bytes beside it are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RawHead {
    /// The elements of a tensor.
    Tensor {
        /// What they are.
        dtype: DType,
        /// How many there are along each dimension, outermost first.
        shape: Vec<usize>,
    },
    /// A text in UTF-8.
    Text,
    /// The bytes of a file.
    File {
        /// Its name.
        name: Option<String>,
        /// Its type, such as `image/png`.
        content_type: Option<String>,
    },
    /// Nothing, and no bytes.
    Nothing,
}

/// [`RawHead::Text`] in MessagePack: texts are frequent, and all have the same head.
const TEXT: &[u8] = b"\xa4text";

/// Nothing in MessagePack.
const NIL: &[u8] = b"\xc0";

/// How byte strings begin in MessagePack: bin 8, bin 16 and bin 32.
const BYTE_STRINGS: RangeInclusive<u8> = 0xc4..=0xc6;

impl Raw {
    /// The value as this type, if it is exactly that; else the value.
    ///
    /// # Errors
    /// The value, if it is of another type.
    pub fn exactly<T: 'static>(self) -> Result<T, Self> {
        match self {
            Self::Tensor(tensor) => same(tensor).map_err(Self::Tensor),
            Self::Text(text) => same(text).map_err(Self::Text),
            Self::File(file) => same(file).or_else(|file| same(file.data.clone()).map_err(|_| Self::File(file))),
            Self::Nothing => Err(Self::Nothing),
        }
    }

    /// The message whose only argument this is: of exactly its type, or of one that is written alike, such as
    /// `struct Image(Bytes)` or an enum of names. Only what is of exactly its type is not copied.
    pub(crate) fn into_message<M: Message>(self) -> CallResult<M> {
        let raw = match M::from_raw(self) {
            Ok(message) => return Ok(message),
            Err(raw) => raw,
        };
        let Some(argument) = M::ONLY else {
            return Err(Error::malformed(format!("{}.{} does not take a single value", M::SERVICE, M::METHOD)));
        };
        match raw {
            Self::Text(text) => Form(vec![Part::text(argument, text)]).read(),
            Self::File(file) => Form(vec![Part::file(argument, file)]).read(),
            Self::Tensor(tensor) => {
                let message = "a raw tensor was given where something else is expected";
                packed::<M, _>(argument, tensor)?.decode().map_err(|_| Error::rejected(argument, message))
            }
            Self::Nothing => packed::<M, _>(argument, ())?.decode(),
        }
    }

    /// The raw form of a result, which only a tensor, bytes, a file, whatever is a string in JSON, nothing, and what is
    /// written like one of these has.
    pub(crate) fn of<T: Serialize + 'static>(value: &T) -> Option<Self> {
        let value_any = value as &dyn Any;
        if let Some(text) = value_any.downcast_ref::<String>() {
            Some(Self::Text(text.clone()))
        } else if let Some(tensor) = value_any.downcast_ref::<Tensor>() {
            Some(Self::Tensor(tensor.clone()))
        } else if let Some(bytes) = value_any.downcast_ref::<crate::Bytes>() {
            Some(Self::File(File::new(bytes.clone())))
        } else if let Some(file) = value_any.downcast_ref::<File>() {
            Some(Self::File(file.clone()))
        } else {
            Self::written_alike(value)
        }
    }

    /// The raw form of what is written like something that has one: `struct Image(Bytes)`, an enum of names.
    fn written_alike<T: Serialize + 'static>(value: &T) -> Option<Self> {
        let packed = Encoded::encode(value, Codec::Msgpack).ok()?;
        if *packed.head == *NIL {
            return Some(Self::Nothing);
        }
        let Some(text) = text_in_json(value) else {
            let tensor = packed.decode().ok().map(Self::Tensor);
            return tensor.or_else(|| packed.decode().ok().map(Self::File));
        };
        // Bytes are bytes in the one and base64 in the other; an identifier is so in the one at most.
        let is_bytes = packed.head.first().is_some_and(|first| BYTE_STRINGS.contains(first));
        let bytes = is_bytes.then(|| packed.decode::<crate::Bytes>().ok()).flatten();
        let bytes = bytes.filter(|bytes| serde_json::to_value(bytes).is_ok_and(|base64| base64 == text));
        Some(bytes.map_or(Self::Text(text), |bytes| Self::File(bytes.into())))
    }
}

impl From<Raw> for Encoded {
    fn from(raw: Raw) -> Self {
        let (head, bytes) = match raw {
            Raw::Tensor(tensor) => {
                let (dtype, shape, bytes) = tensor.into_parts();
                (RawHead::Tensor { dtype, shape: shape.to_vec() }.to_bytes(), bytes)
            }
            Raw::Text(text) => (Bytes::from_static(TEXT), text.into()),
            Raw::File(File { name, content_type, data }) => {
                (RawHead::File { name, content_type }.to_bytes(), data.into())
            }
            Raw::Nothing => (RawHead::Nothing.to_bytes(), Bytes::new()),
        };
        Self { codec: Codec::Raw, head, segments: vec![bytes] }
    }
}

impl RawHead {
    fn to_bytes(&self) -> Bytes {
        rmp_serde::to_vec_named(self).expect("names and numbers have a form in MessagePack").into()
    }
}

impl Encoded {
    /// A tensor as it is in memory; its elements are not copied.
    #[must_use]
    pub fn raw(tensor: &Tensor) -> Self {
        Raw::Tensor(tensor.clone()).into()
    }

    /// The tensor of a [`Codec::Raw`] body; its elements are not copied.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) when the body is none, or its parts do not fit.
    pub fn to_tensor(&self) -> CallResult<Tensor> {
        match self.to_raw() {
            Ok(Raw::Tensor(tensor)) => Ok(tensor),
            Err(error) if self.codec == Codec::Raw => Err(error),
            _ => Err(Error::malformed(format!("expected one raw tensor, got {} bytes of {}", self.len(), self.codec))),
        }
    }

    /// What a [`Codec::Raw`] body holds: its head, and the bytes that it describes.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) when the body is none.
    pub fn raw_parts(&self) -> CallResult<(RawHead, &Bytes)> {
        let (Codec::Raw, [bytes]) = (self.codec, self.segments.as_slice()) else {
            return Err(Error::malformed(format!(
                "expected one raw value, got {} bytes of {}",
                self.len(),
                self.codec
            )));
        };
        if *self.head == *TEXT {
            return Ok((RawHead::Text, bytes));
        }
        let head = rmp_serde::from_slice(&self.head);
        Ok((head.map_err(|error| Error::malformed(format!("the head of a raw body: {error}")))?, bytes))
    }

    /// The value of a [`Codec::Raw`] body.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) when the body is none, or its parts do not fit.
    pub fn to_raw(&self) -> CallResult<Raw> {
        let (head, bytes) = self.raw_parts()?;
        let bytes = bytes.clone();
        Ok(match head {
            RawHead::Tensor { dtype, shape } => {
                Raw::Tensor(Tensor::new(dtype, shape, bytes).map_err(|error| Error::malformed(error.to_string()))?)
            }
            RawHead::Text => Raw::Text(
                String::from_utf8(bytes.into())
                    .map_err(|error| Error::malformed(format!("the text is not UTF-8: {error}")))?,
            ),
            RawHead::File { name, content_type } => Raw::File(File { name, content_type, data: bytes.into() }),
            RawHead::Nothing => Raw::Nothing,
        })
    }
}

/// A message with one argument, in MessagePack.
fn packed<M: Message, T: Serialize + 'static>(argument: &'static str, value: T) -> CallResult<Encoded> {
    match M::ROOT {
        true => Encoded::encode(&value, Codec::Msgpack),
        false => Encoded::encode(&BTreeMap::from([(argument, value)]), Codec::Msgpack),
    }
}

/// A value that is a string in JSON.
fn text_in_json<T: Serialize>(value: &T) -> Option<String> {
    let json = serde_json::to_vec(value).ok()?;
    json.starts_with(b"\"").then(|| serde_json::from_slice(&json).ok()).flatten()
}

/// The value, if it is of this type.
fn same<A: 'static, B: 'static>(value: A) -> Result<B, A> {
    let mut value = Some(value);
    match (&mut value as &mut dyn Any).downcast_mut::<Option<B>>().and_then(Option::take) {
        Some(same) => Ok(same),
        None => Err(value.expect("what is of another type has not been taken")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Colour {
        Red,
    }

    #[derive(Serialize)]
    struct Of<T>(T);

    fn round<T: Serialize + 'static>(value: &T) -> Result<T, Raw> {
        Encoded::encode(value, Codec::Raw).unwrap().to_raw().unwrap().exactly()
    }

    #[test]
    fn what_has_a_raw_form_comes_back() {
        let tensor = Tensor::from_rows(&[[1.0_f32, 2.0]]);
        assert_eq!(round(&tensor), Ok(tensor));
        assert_eq!(round(&"ü".to_owned()), Ok("ü".to_owned()));
        assert_eq!(round(&crate::Bytes::from("ab")), Ok(crate::Bytes::from("ab")));
        let file = File::new("ab").named("a.txt").of_type("text/plain");
        assert_eq!(round(&file), Ok(file));
    }

    #[test]
    fn what_is_written_alike_has_the_same_form() {
        let tensor = Tensor::from_rows(&[[1.0_f32, 2.0]]);
        assert_eq!(Raw::of(&Of(tensor.clone())), Some(Raw::Tensor(tensor)));
        // A text that could be base64 is a text.
        assert_eq!(Raw::of(&Of("aGk=".to_owned())), Some(Raw::Text("aGk=".into())));
        assert_eq!(Raw::of(&Of(crate::Bytes::from("hi"))), Some(Raw::File(File::new("hi"))));
        let file = File::new("ab").named("a.txt");
        assert_eq!(Raw::of(&Of(file.clone())), Some(Raw::File(file.clone())));
        assert_eq!(Raw::of(&Colour::Red), Some(Raw::Text("red".into())));
        assert_eq!(Raw::of(&Some(file.clone())), Some(Raw::File(file)));
        assert_eq!(Raw::of(&None::<File>), Some(Raw::Nothing));
        assert_eq!(Encoded::from(Raw::Nothing).to_raw(), Ok(Raw::Nothing));
        assert_eq!(Raw::of(&3_u32), None);
    }

    #[test]
    fn what_is_something_else_is_given_back() {
        assert_eq!(Raw::Text("a".into()).exactly::<Tensor>(), Err(Raw::Text("a".into())));
        let file = Raw::File(File::new("ab").named("a.txt"));
        assert_eq!(file.clone().exactly::<String>(), Err(file));
    }

    #[test]
    fn nothing_is_copied() {
        let tensor = Tensor::from_rows(&[[1.0_f32, 2.0], [3.0, 4.0]]);
        let body = Encoded::encode(&tensor, Codec::Raw).unwrap();
        assert_eq!(body.segments[0].as_ptr(), tensor.bytes().as_ptr());
        assert_eq!(body.to_tensor().unwrap().bytes().as_ptr(), tensor.bytes().as_ptr());
    }

    #[test]
    fn the_head_of_a_text_is_what_it_would_be_written_as() {
        assert_eq!(RawHead::Text.to_bytes(), TEXT);
    }
}
