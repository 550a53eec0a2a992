//! A file as an argument or result.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, DeserializeSeed, Error, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bytes::Bytes;

/// A file: its bytes, and what is known of its name and type. Cloning shares the bytes.
///
/// Over HTTP it is a file of a form (`curl -F image=@cat.png`), or the whole body of a request or an answer. In JSON it is
/// an object, `{"name": "cat.png", "content_type": "image/png", "data": "<base64>"}`, of which only `data` has to be
/// there, or the base64 alone; in binary formats the same with `data` as one byte string, or the byte string alone.
///
/// Where only the bytes matter [`Bytes`] does as an argument too, and takes files as well. Several files of one field of
/// a form are a `Vec<File>`.
///
/// In a schema it is `{"title": "File", "format": "file", "type": ["string", "object"], ..}`: valid JSON schema for what it is
/// in JSON, and known by its `format` to who sends it otherwise.
///
/// ```
/// # use playhouse_actors::File;
/// let file = File::new("a,b\n1,2\n").named("rows.csv").of_type("text/csv");
/// assert_eq!(file.data.len(), 8);
/// assert_eq!(serde_json::to_value(File::new("hi")).unwrap(), serde_json::json!({ "data": "aGk=" }));
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct File {
    /// The name that its sender gave it. Not a path to be trusted: it may say `../../etc/passwd`.
    pub name: Option<String>,
    /// What its sender says that it holds, such as `image/png`.
    pub content_type: Option<String>,
    /// What is in it.
    pub data: Bytes,
}

/// The name by which a deserializer is asked for a file. Most pass over it; that of forms gives a file with its name.
pub(crate) const FILE: &str = "$playhouse::File";

const FIELDS: [&str; 3] = ["name", "content_type", "data"];

impl File {
    /// A file without a name and a type.
    pub fn new(data: impl Into<Bytes>) -> Self {
        Self { name: None, content_type: None, data: data.into() }
    }

    /// Gives it a name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Gives it a type, such as `image/png`.
    #[must_use]
    pub fn of_type(self, content_type: impl Into<String>) -> Self {
        Self { content_type: Some(content_type.into()), ..self }
    }
}

impl fmt::Debug for File {
    /// Shows what is in it as little as [`Bytes`] does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, content_type, data } = self;
        write!(f, "File({name:?}, {content_type:?}, {} bytes)", data.len())
    }
}

impl From<Bytes> for File {
    fn from(data: Bytes) -> Self {
        Self::new(data)
    }
}

impl Serialize for File {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { name, content_type, data } = self;
        let known = usize::from(name.is_some()) + usize::from(content_type.is_some());
        let mut file = serializer.serialize_struct("File", 1 + known)?;
        if let Some(name) = name {
            file.serialize_field("name", name)?;
        }
        if let Some(content_type) = content_type {
            file.serialize_field("content_type", content_type)?;
        }
        file.serialize_field("data", data)?;
        file.end()
    }
}

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(FILE, FileVisitor)
    }
}

/// Takes a map, or the data alone.
struct FileVisitor;

impl<'de> Visitor<'de> for FileVisitor {
    type Value = File;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file, in JSON as a base64 string or as {\"name\", \"content_type\", \"data\"}")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<File, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<File, E> {
        Bytes::from_base64(text).map(File::new)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<File, E> {
        Bytes::received(bytes).map(File::new)
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<File, E> {
        self.visit_bytes(&bytes)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<File, A::Error> {
        let mut file = File::default();
        let mut data = None;
        while let Some(field) = map.next_key_seed(Field)? {
            match field {
                "name" => file.name = map.next_value()?,
                "content_type" => file.content_type = map.next_value()?,
                _ => data = Some(map.next_value()?),
            }
        }
        file.data = data.ok_or_else(|| A::Error::missing_field("data"))?;
        Ok(file)
    }
}

/// Reads the name of a field.
struct Field;

impl<'de> DeserializeSeed<'de> for Field {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Field {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`name`, `content_type` or `data`")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<&'static str, E> {
        FIELDS.into_iter().find(|field| *field == name).ok_or_else(|| E::unknown_field(name, &FIELDS))
    }
}

impl JsonSchema for File {
    fn schema_name() -> Cow<'static, str> {
        "File".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::File").into()
    }

    /// Inline, so that a reader finds `"format": "file"` where the field is.
    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "File",
            "format": "file",
            "type": ["string", "object"],
            "contentEncoding": "base64",
            "properties": {
                "name": { "type": "string" },
                "content_type": { "type": "string" },
                "data": { "type": "string", "contentEncoding": "base64" },
            },
            "required": ["data"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_survives_both_formats() {
        for file in [File::new("hi"), File::new("hi").named("a.txt").of_type("text/plain"), File::default()] {
            let json = serde_json::to_string(&file).unwrap();
            assert_eq!(serde_json::from_str::<File>(&json).unwrap(), file);
            let packed = rmp_serde::to_vec_named(&file).unwrap();
            assert_eq!(rmp_serde::from_slice::<File>(&packed).unwrap(), file);
        }
    }

    #[test]
    fn the_data_alone_is_a_file() {
        assert_eq!(serde_json::from_value::<File>(json!("aGk=")).unwrap(), File::new("hi"));
        let packed = rmp_serde::to_vec_named(&Bytes::from("hi")).unwrap();
        assert_eq!(rmp_serde::from_slice::<File>(&packed).unwrap(), File::new("hi"));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let cases = [
            (json!({ "name": "a" }), "missing field `data`"),
            (
                json!({ "data": "aGk=", "size": 2 }),
                "unknown field `size`, expected one of `name`, `content_type`, `data`",
            ),
            (json!(3), "invalid type: integer `3`, expected a file, in JSON as a base64 string"),
            (json!("https://example.org/cat.png"), "URLs are not fetched"),
        ];
        for (json, message) in cases {
            let error = serde_json::from_value::<File>(json).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
