//! Reading a form with serde: what is asked for decides how a part is read.

use std::str;
use std::vec;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::error::Error;
use super::{Form, Part, PartValue};
use crate::bytes::BYTES;
use crate::file::{FILE, File};
use crate::tensor::de::TENSOR;

/// How many characters of a text an error shows.
const SHOWN_MAX: usize = 40;

/// The parts of a form, gathered by their names in the order of the first of each.
pub(super) struct Fields<'a>(Vec<Field<'a>>);

/// All parts of one name; at least one.
struct Field<'a> {
    name: &'a str,
    parts: Vec<&'a Part>,
}

/// What an argument is read from.
struct Value<'a>(Field<'a>);

impl<'a> Fields<'a> {
    pub(super) fn of(form: &'a Form) -> Self {
        let mut fields: Vec<Field<'a>> = Vec::new();
        for part in &form.0 {
            match fields.iter_mut().find(|field| field.name == part.name) {
                Some(field) => field.parts.push(part),
                None => fields.push(Field { name: &part.name, parts: vec![part] }),
            }
        }
        Self(fields)
    }

    /// What is read where no object is expected: the parts of the one name that there may be.
    fn only(self) -> Result<Value<'a>, Error> {
        let mut fields = self.0.into_iter();
        match (fields.next(), fields.next()) {
            (Some(field), None) => Ok(Value(field)),
            (None, _) => Err(Error::new("it has no parts")),
            (Some(_), Some(other)) => Err(Error::new("expected parts of one name only").at(other.name)),
        }
    }
}

/// Forwards methods to a value that is made first, and says which part is at fault when that fails.
macro_rules! forward_to_only {
    ($($method:ident($($argument:ident: $ty:ty),*);)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $ty,)* visitor: V) -> Result<V::Value, Error> {
            let only = self.only()?;
            let name = only.0.name;
            only.$method($($argument,)* visitor).map_err(|error| error.at(name))
        })*
    };
}

impl<'de> Deserializer<'de> for Fields<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(FieldAccess { fields: self.0.into_iter(), next: None })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if ![FILE, BYTES, TENSOR].contains(&name) {
            return visitor.visit_newtype_struct(self);
        }
        let only = self.only()?;
        let field = only.0.name;
        only.deserialize_newtype_struct(name, visitor).map_err(|error| error.at(field))
    }

    forward_to_only! {
        deserialize_bool(); deserialize_char(); deserialize_str(); deserialize_string();
        deserialize_i8(); deserialize_i16(); deserialize_i32(); deserialize_i64(); deserialize_i128();
        deserialize_u8(); deserialize_u16(); deserialize_u32(); deserialize_u64(); deserialize_u128();
        deserialize_f32(); deserialize_f64(); deserialize_bytes(); deserialize_byte_buf();
        deserialize_seq(); deserialize_tuple(len: usize); deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
    }

    forward_to_deserialize_any! { unit unit_struct map struct identifier ignored_any }
}

/// Gives one field after the other, and says which one is at fault.
struct FieldAccess<'a> {
    fields: vec::IntoIter<Field<'a>>,
    next: Option<Field<'a>>,
}

impl<'de> MapAccess<'de> for FieldAccess<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(field) = self.fields.next() else { return Ok(None) };
        let name = field.name;
        self.next = Some(field);
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some).map_err(|error: Error| error.at(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let field = self.next.take().ok_or_else(|| Error::custom("a value was read before its name"))?;
        let name = field.name;
        seed.deserialize(Value(field)).map_err(|error| error.at(name))
    }
}

impl<'a> Value<'a> {
    /// The one part that there may be.
    fn part(&self) -> Result<&'a PartValue, Error> {
        match &self.0.parts[..] {
            [part] => Ok(&part.value),
            parts => Err(Error::new(format!("is given {} times, expected once", parts.len()))),
        }
    }

    /// The one text that there may be.
    fn text(&self) -> Result<&'a str, Error> {
        match self.part()? {
            PartValue::Text(text) => utf8(text),
            PartValue::File(file) if is_json(file) => utf8(&file.data),
            PartValue::File(file) => Err(Error::new(format!("expected a text, got {}", described(file)))),
        }
    }

    /// Whether the parts are the elements of a list, rather than one part being the list.
    fn is_many(&self) -> bool {
        match self.text() {
            Ok(text) => !text.trim_start().starts_with('['),
            Err(_) => true,
        }
    }

    fn elements(self) -> impl Iterator<Item = Value<'a>> {
        let Field { name, parts } = self.0;
        parts.into_iter().map(move |part| Value(Field { name, parts: vec![part] }))
    }
}

/// Reads a text as JSON, to its end.
fn json<'de, V>(
    text: &'de str,
    read: impl FnOnce(&mut serde_json::Deserializer<serde_json::de::StrRead<'de>>) -> serde_json::Result<V>,
) -> Result<V, Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = read(&mut json).and_then(|value| json.end().map(|()| value));
    value.map_err(|error| wrong_json(text, &error))
}

fn wrong_json(text: &str, error: &serde_json::Error) -> Error {
    if error.is_data() {
        return Error::new(error.to_string());
    }
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    Error::new(format!("{shown:?} is not the JSON that is expected here: {error}"))
}

/// Methods that read the text as JSON.
macro_rules! from_json {
    ($($method:ident($($argument:ident: $ty:ty),*);)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $ty,)* visitor: V) -> Result<V::Value, Error> {
            json(self.text()?, |json| json.$method($($argument,)* visitor))
        })*
    };
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = Error;

    from_json! {
        deserialize_bool(); deserialize_unit(); deserialize_unit_struct(name: &'static str);
        deserialize_i8(); deserialize_i16(); deserialize_i32(); deserialize_i64(); deserialize_i128();
        deserialize_u8(); deserialize_u16(); deserialize_u32(); deserialize_u64(); deserialize_u128();
        deserialize_f32(); deserialize_f64(); deserialize_bytes(); deserialize_byte_buf();
        deserialize_map(); deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_ignored_any();
    }

    /// What could be anything is JSON if it reads as that, and a text otherwise.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.parts.len() > 1 {
            return self.deserialize_seq(visitor);
        }
        let text = self.text()?;
        match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => json(text, |json| json.deserialize_any(visitor)),
            // Lists and objects that go wrong should say so, and not be taken for a text.
            Err(error) if text.trim_start().starts_with(['[', '{', '"']) => Err(wrong_json(text, &error)),
            Err(_) => visitor.visit_borrowed_str(text),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.text()?;
        match text.starts_with('"').then(|| serde_json::from_str::<String>(text)) {
            Some(Ok(quoted)) => visitor.visit_string(quoted),
            _ => visitor.visit_borrowed_str(text),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let is_null = self.0.parts.len() == 1 && self.text().is_ok_and(|text| text.trim() == "null");
        if is_null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name != FILE && name != BYTES {
            return visitor.visit_newtype_struct(self);
        }
        match self.part()? {
            PartValue::File(file) if name == BYTES => visitor.visit_borrowed_bytes(&file.data),
            PartValue::File(file) => visit_file(file, visitor),
            // As it would be in JSON: base64, quoted or not, or an object.
            PartValue::Text(text) if text.starts_with(b"{") => json(utf8(text)?, |json| json.deserialize_map(visitor)),
            PartValue::Text(_) => self.deserialize_string(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_many() {
            return visitor.visit_seq(SeqDeserializer::new(self.elements()));
        }
        json(self.text()?, |json| json.deserialize_seq(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let text = self.text()?;
        if text.trim_start().starts_with(['"', '{']) {
            return json(text, |json| json.deserialize_enum(name, variants, visitor));
        }
        let variant: StrDeserializer<'_, Error> = text.into_deserializer();
        variant.deserialize_enum(name, variants, visitor)
    }
}

impl<'de> IntoDeserializer<'de, Error> for Value<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Gives a file to the visitor of files: as an object whose data are bytes, which are copied there.
fn visit_file<'de, V: Visitor<'de>>(file: &'de File, visitor: V) -> Result<V::Value, Error> {
    let File { name, content_type, data } = file;
    let known = [("name", name), ("content_type", content_type)];
    let known = known.into_iter().filter_map(|(key, text)| Some((key, FileField::Text(text.as_deref()?))));
    visitor.visit_map(MapDeserializer::new(known.chain([("data", FileField::Data(data))])))
}

/// A field of a file.
enum FileField<'a> {
    Text(&'a str),
    Data(&'a [u8]),
}

impl<'de> IntoDeserializer<'de, Error> for FileField<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for FileField<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => visitor.visit_borrowed_str(text),
            Self::Data(data) => visitor.visit_borrowed_bytes(data),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Error> {
    str::from_utf8(bytes).map_err(|error| Error::new(format!("the text is not UTF-8: {error}")))
}

/// Whether a file is JSON by its own account.
fn is_json(file: &File) -> bool {
    let Some(content_type) = &file.content_type else { return false };
    content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn described(file: &File) -> String {
    match &file.name {
        Some(name) => format!("the file {name:?}"),
        None => "a file".to_owned(),
    }
}
