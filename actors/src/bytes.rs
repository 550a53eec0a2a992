//! Raw bytes as an argument or result.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use base64::display::Base64Display;
use base64::engine::{Engine, general_purpose::STANDARD};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::split;

/// Bytes that travel as bytes: an image, a file, an embedding of one's own format.
///
/// In JSON they are a string in standard base64 with padding; in binary formats one byte string,
/// where a `Vec<u8>` would be written number by number. Cloning shares them.
///
/// ```
/// # use playhouse_actors::bytes::Bytes;
/// let image = Bytes::from(vec![0xff, 0xd8]);
/// assert_eq!(serde_json::to_string(&image).unwrap(), "\"/9g=\"");
/// assert_eq!(image.len(), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes(::bytes::Bytes);

/// The name by which a deserializer is asked for bytes. Most pass over it; that of forms gives the bytes of a file.
pub(crate) const BYTES: &str = "$playhouse::Bytes";

impl Bytes {
    /// What a binary format gave: the bytes themselves, or what stands for them in a body with segments.
    pub(crate) fn received<E: Error>(bytes: &[u8]) -> Result<Self, E> {
        let segment = split::take(bytes).map_err(E::custom)?;
        Ok(Self(segment.unwrap_or_else(|| ::bytes::Bytes::copy_from_slice(bytes))))
    }

    /// Reads base64. A text that is a URL is told that nobody fetches it: who did would let a stranger's request reach
    /// whatever this machine can reach.
    pub(crate) fn from_base64<E: Error>(text: &str) -> Result<Self, E> {
        STANDARD.decode(text).map(Self::from).map_err(|error| {
            if text.starts_with("http://") || text.starts_with("https://") {
                return E::custom("expected the content itself, as a file or in base64: URLs are not fetched");
            }
            E::custom(format_args!("expected base64 with padding: {error}"))
        })
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bytes {
    /// Shows how many there are, not what they are: they end up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.len())
    }
}

impl From<::bytes::Bytes> for Bytes {
    fn from(bytes: ::bytes::Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Bytes> for ::bytes::Bytes {
    fn from(bytes: Bytes) -> Self {
        bytes.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

/// Takes the memory back where nobody shares it, copies it otherwise.
impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.0.into()
    }
}

impl From<&'static [u8]> for Bytes {
    fn from(bytes: &'static [u8]) -> Self {
        Self(::bytes::Bytes::from_static(bytes))
    }
}

impl<const N: usize> From<&'static [u8; N]> for Bytes {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self(::bytes::Bytes::from_static(bytes))
    }
}

impl From<&'static str> for Bytes {
    fn from(text: &'static str) -> Self {
        Self(::bytes::Bytes::from_static(text.as_bytes()))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(&Base64Display::new(self, &STANDARD));
        }
        match split::put(&self.0) {
            Some(placeholder) => serializer.serialize_bytes(&placeholder),
            None => serializer.serialize_bytes(self),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(BYTES, BytesVisitor)
    }
}

/// Takes a string for base64 and bytes for themselves, whatever the format says that it is: bytes
/// inside an untagged or internally tagged enum arrive through serde's buffer, which calls itself
/// human-readable.
struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes, in JSON as a base64 string")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bytes, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_str(self);
        }
        deserializer.deserialize_byte_buf(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        Bytes::from_base64(text)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Bytes::received(bytes)
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        let segment = split::take(&bytes).map_err(E::custom)?;
        Ok(segment.map_or_else(|| bytes.into(), Bytes))
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::Bytes").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "binary", "contentEncoding": "base64" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Content {
        File(Bytes),
    }

    proptest! {
        #[test]
        fn bytes_survive_both_formats(bytes: Vec<u8>) {
            let bytes = Bytes::from(bytes);
            let json = serde_json::to_string(&bytes).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Bytes>(&json).unwrap(), &bytes);
            let packed = rmp_serde::to_vec_named(&bytes).unwrap();
            prop_assert_eq!(&rmp_serde::from_slice::<Bytes>(&packed).unwrap(), &bytes);
            prop_assert_eq!(&rmp_serde::from_read::<_, Bytes>(&packed[..]).unwrap(), &bytes);
        }
    }

    #[test]
    fn in_messagepack_they_cost_a_header() {
        let packed = rmp_serde::to_vec_named(&Bytes::from(vec![0xff; 1000])).unwrap();
        assert_eq!(packed.len(), 1003);
    }

    #[test]
    fn bytes_survive_an_untagged_enum() {
        let file = Content::File(Bytes::from(b"\x00\xff"));
        let packed = rmp_serde::to_vec_named(&file).unwrap();
        assert_eq!(rmp_serde::from_slice::<Content>(&packed).unwrap(), file);
        let json = serde_json::to_value(&file).unwrap();
        assert_eq!(serde_json::from_value::<Content>(json).unwrap(), file);
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        let cases = [
            ("\"a$==\"", "expected base64 with padding: Invalid symbol 36, offset 1."),
            ("\"/9g\"", "expected base64 with padding: Invalid padding"),
            ("[1, 2]", "invalid type: sequence, expected bytes, in JSON as a base64 string"),
        ];
        for (json, message) in cases {
            let error = serde_json::from_str::<Bytes>(json).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn debug_hides_the_content() {
        assert_eq!(format!("{:?}", Bytes::from("secret")), "Bytes(6)");
    }

    #[test]
    fn the_memory_comes_back_uncopied() {
        let bytes = vec![1u8, 2, 3];
        let address = bytes.as_ptr();
        let back = Vec::from(Bytes::from(bytes));
        assert_eq!(back.as_ptr(), address);
    }
}
