//! Arguments as named parts, each a text or a file: what the forms of HTML and `curl -F` send.

mod de;
mod error;

use std::borrow::Cow;

use ::bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::de::Fields;
use crate::body::{Codec, Encoded};
use crate::error::{CallResult, Error};
use crate::file::File;

/// Arguments as named parts, each a text or a file.
///
/// The type of an argument decides how its part is read. A string takes the text, or what it says as JSON if that is a
/// string, because some clients send `name=world` and others `name="world"`. Everything else reads the text as JSON: numbers,
/// lists, objects, tensors. A [`File`] and [`Bytes`](crate::Bytes) take a file. A list takes all parts of its name, or
/// one that is a JSON list. A file whose type is `application/json` is JSON to an argument that is no file.
///
/// ```
/// # use playhouse_actors::{Form, Part};
/// #[derive(serde::Deserialize)]
/// struct Greet { name: String, times: u32 }
///
/// let form = Form(vec![Part::text("name", "world"), Part::text("times", "3")]);
/// let greet: Greet = form.read()?;
/// assert_eq!((greet.name.as_str(), greet.times), ("world", 3));
/// # Ok::<(), playhouse_actors::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form(pub Vec<Part>);

/// One part of a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The argument that it belongs to.
    pub name: String,
    /// What is in it.
    pub value: PartValue,
}

/// What is in a part of a form.
#[derive(Clone, Debug, PartialEq)]
pub enum PartValue {
    /// A text, of a field of a form.
    Text(Bytes),
    /// A file.
    File(File),
}

/// The head of one part in a [`Codec::Form`] body; what is in it is the segment at the same place.
#[derive(Serialize, Deserialize)]
struct PartHead<'a> {
    name: Cow<'a, str>,
    file: Option<FileHead<'a>>,
}

#[derive(Serialize, Deserialize)]
struct FileHead<'a> {
    name: Option<Cow<'a, str>>,
    content_type: Option<Cow<'a, str>>,
}

impl Part {
    /// A part with a text.
    pub fn text(name: impl Into<String>, text: impl Into<Bytes>) -> Self {
        Self { name: name.into(), value: PartValue::Text(text.into()) }
    }

    /// A part with a file.
    pub fn file(name: impl Into<String>, file: File) -> Self {
        Self { name: name.into(), value: PartValue::File(file) }
    }
}

impl Form {
    /// Reads the arguments.
    ///
    /// What is no object, as the argument of a method that takes the body itself, is read from the parts of one name.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected), with the part at fault and what was expected there.
    pub fn read<T: DeserializeOwned>(&self) -> CallResult<T> {
        T::deserialize(Fields::of(self)).map_err(Error::from)
    }

    /// The form of a [`Codec::Form`] body; the contents of its parts are not copied.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) when the body is none.
    pub fn of(body: &Encoded) -> CallResult<Self> {
        let heads: Vec<PartHead<'_>> = match body.codec {
            Codec::Form => rmp_serde::from_slice(&body.head)
                .map_err(|error| Error::malformed(format!("the head of a form: {error}")))?,
            other => return Err(Error::malformed(format!("expected a form, got {} bytes of {other}", body.len()))),
        };
        if heads.len() != body.segments.len() {
            let (heads, segments) = (heads.len(), body.segments.len());
            return Err(Error::malformed(format!("a form of {heads} parts came with {segments} segments")));
        }
        let parts = heads.into_iter().zip(&body.segments);
        Ok(Self(parts.map(|(head, bytes)| head.into_part(bytes.clone())).collect()))
    }
}

impl From<Form> for Encoded {
    fn from(Form(parts): Form) -> Self {
        let heads: Vec<_> = parts.iter().map(PartHead::of).collect();
        let head = rmp_serde::to_vec_named(&heads).expect("names have a form in MessagePack").into();
        let segments = parts.into_iter().map(|part| match part.value {
            PartValue::Text(text) => text,
            PartValue::File(file) => file.data.into(),
        });
        Self { codec: Codec::Form, head, segments: segments.collect() }
    }
}

impl<'a> PartHead<'a> {
    fn of(part: &'a Part) -> Self {
        let known = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        let file = match &part.value {
            PartValue::Text(_) => None,
            PartValue::File(file) => {
                Some(FileHead { name: known(&file.name), content_type: known(&file.content_type) })
            }
        };
        Self { name: Cow::Borrowed(&part.name), file }
    }

    fn into_part(self, bytes: Bytes) -> Part {
        let value = match self.file {
            None => PartValue::Text(bytes),
            Some(FileHead { name, content_type }) => PartValue::File(File {
                name: name.map(Cow::into_owned),
                content_type: content_type.map(Cow::into_owned),
                data: bytes.into(),
            }),
        };
        Part { name: self.name.into_owned(), value }
    }
}

#[cfg(test)]
mod tests;
