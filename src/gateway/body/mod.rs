//! The body of a request: read within its limits, and put into the form in which a method is called.
//!
//! Nothing is decoded here that the replica can decode with its own types: JSON and MessagePack pass as they are, a raw
//! tensor and a file keep the buffer into which they were received, a form is cut into its parts without a copy.

mod form;
mod inflate;
mod media;
mod multipart;
mod parameters;
mod pieces;
#[cfg(any(test, feature = "testing"))]
mod properties;
mod tensor;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use bytes::Bytes;
use playhouse_actors::{Codec, Encoded, File, Raw};

pub(super) use self::media::Media;
#[cfg(any(test, feature = "testing"))]
pub use self::properties::multipart_survives;
pub(super) use self::tensor::{DTYPE as TENSOR_DTYPE, SHAPE as TENSOR_SHAPE};
use super::config::Limits;
use super::problem::Problem;
use super::value::{Kind, Takes};

/// Reads the body of a request to a method that takes this.
///
/// # Errors
/// 400, 408, 413 or 415, with what was expected.
pub(super) async fn read(
    takes: Takes,
    media: Media<'_>,
    headers: &HeaderMap,
    payload: &mut Payload,
    limits: &Limits,
) -> Result<Encoded, Problem> {
    // Before the body is read: what is not understood need not be sent.
    let meaning = Meaning::of(takes, media, headers)?;
    meaning.encode(pieces::read(headers, payload, limits).await?)
}

/// What the bytes of a body are.
enum Meaning<'a> {
    /// They stay as they are.
    Plain(Codec),
    /// They are the elements of a tensor.
    Tensor(tensor::Shape),
    /// They are a text.
    Text,
    /// They are a file, of this type.
    File(Option<&'a str>),
    /// They are the parts of a form, with this between them.
    Multipart(Vec<u8>),
    /// They are the fields of a form.
    Urlencoded,
}

impl<'a> Meaning<'a> {
    fn of(takes: Takes, media: Media<'a>, headers: &HeaderMap) -> Result<Self, Problem> {
        let Takes { root, only } = takes;
        Ok(match (media, only) {
            // A client that knows no type for a file calls it JSON, as BentoML's do.
            (Media::Json, Some(Kind::File)) if root => Self::File(None),
            (Media::Json, _) => Self::Plain(Codec::Json),
            (Media::Msgpack, _) => Self::Plain(Codec::Msgpack),
            (Media::Octets, Some(Kind::Tensor)) => Self::Tensor(tensor::Shape::of(headers)?),
            (Media::Octets, Some(Kind::Bytes | Kind::File)) => Self::File(None),
            (Media::Text(_), Some(Kind::Text)) if root => Self::Text,
            (Media::Multipart(value), _) => Self::Multipart(multipart::boundary(value)?),
            (Media::Urlencoded(_), _) => Self::Urlencoded,
            (Media::Text(value) | Media::Other(value), Some(Kind::Bytes | Kind::File)) => {
                Self::File(value.to_str().ok())
            }
            (media, _) => return Err(not_taken(takes, media)),
        })
    }

    fn encode(self, bytes: Bytes) -> Result<Encoded, Problem> {
        Ok(match self {
            Self::Plain(codec) => Encoded::new(codec, bytes),
            Self::Tensor(shape) => Raw::Tensor(shape.tensor(bytes)?).into(),
            Self::Text => Raw::Text(text(bytes)?).into(),
            Self::File(content_type) => {
                let content_type = content_type.map(str::to_owned);
                Raw::File(File { name: None, content_type, data: bytes.into() }).into()
            }
            Self::Multipart(boundary) => multipart::parse(&boundary, &bytes)?.into(),
            Self::Urlencoded => form::parse(&bytes)?.into(),
        })
    }
}

fn text(bytes: Bytes) -> Result<String, Problem> {
    String::from_utf8(bytes.into()).map_err(|error| bad(format!("the text is not UTF-8: {}", error.utf8_error())))
}

/// A body that is not what its head says.
fn bad(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad_body", message)
}

fn not_taken(takes: Takes, media: Media<'_>) -> Problem {
    let message = format!("content-type {:?} is not understood here: expected {}", media.name(), takes.content_types());
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
}
