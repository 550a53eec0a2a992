//! The answer to a request: which form its client wants, and the response in that form.

mod accept;
mod compress;
mod negotiate;
pub(super) mod stream;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderValue};
use bytes::Bytes;
use playhouse_actors::{Codec, Encoded, RawHead};

pub(super) use self::compress::takes_gzip;
pub(super) use self::negotiate::codec;
use super::body::{TENSOR_DTYPE, TENSOR_SHAPE};
use super::problem::Problem;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const MSGPACK: HeaderValue = HeaderValue::from_static("application/msgpack");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The response with a method's result; `headers` are those of the request.
///
/// # Errors
/// When the result is not what it says, as only a replica of another version could send.
pub(super) async fn respond(headers: &HeaderMap, reply: Encoded) -> Result<HttpResponse, Problem> {
    let (content_type, body) = match reply.codec {
        Codec::Json => (JSON, reply.head),
        Codec::Msgpack => (MSGPACK, reply.head),
        _ => match reply.raw_parts()? {
            (RawHead::Text, text) => (TEXT, text.clone()),
            (RawHead::Nothing, _) => return Ok(HttpResponse::NoContent().finish()),
            (head, bytes) => return Ok(raw(head, bytes.clone())),
        },
    };
    if body.len() < compress::LENGTH_MIN || content_type == MSGPACK {
        return Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, content_type)).body(body));
    }
    // Apart, because every small answer would set room aside for it.
    Ok(Box::pin(compress::respond(headers, content_type, body)).await)
}

/// A tensor or a file as it is. Neither is compressed: elements of tensors hardly shrink, and files that would, such as
/// images, have been.
fn raw(head: RawHead, bytes: Bytes) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    match head {
        RawHead::Tensor { dtype, shape } => {
            let shape: Vec<_> = shape.iter().map(usize::to_string).collect();
            response.insert_header((CONTENT_TYPE, OCTETS));
            response.insert_header((TENSOR_DTYPE, dtype.name()));
            response.insert_header((TENSOR_SHAPE, shape.join(",")));
        }
        RawHead::File { name, content_type } => {
            let content_type = content_type.and_then(|content_type| HeaderValue::from_str(&content_type).ok());
            response.insert_header((CONTENT_TYPE, content_type.unwrap_or(OCTETS)));
            if let Some(name) = name {
                response.insert_header((CONTENT_DISPOSITION, disposition(&name)));
            }
        }
        _ => {
            response.insert_header((CONTENT_TYPE, OCTETS));
        }
    }
    response.body(bytes)
}

/// `attachment; filename="cat.png"`. A name is that alone: what would be a folder, or would end the header, is replaced.
fn disposition(name: &str) -> HeaderValue {
    let is_plain = |letter: char| letter == ' ' || letter.is_ascii_graphic() && !"\"\\/".contains(letter);
    let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let mut value = format!("attachment; filename=\"{plain}\"");
    if !name.is_ascii() {
        let full: String =
            name.chars().map(|letter| if letter == '/' || letter == '\\' { '_' } else { letter }).collect();
        let encoded = percent_encoding::utf8_percent_encode(&full, percent_encoding::NON_ALPHANUMERIC);
        value.push_str(&format!("; filename*=UTF-8''{encoded}"));
    }
    HeaderValue::from_str(&value).expect("ASCII without control characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_cannot_say_more() {
        let table = [
            ("cat.png", "attachment; filename=\"cat.png\""),
            ("../../a \"b\"\r\nset-cookie: c", "attachment; filename=\".._.._a _b___set-cookie: c\""),
            ("cät.png", "attachment; filename=\"c_t.png\"; filename*=UTF-8''c%C3%A4t%2Epng"),
        ];
        for (name, expected) in table {
            assert_eq!(disposition(name), expected);
        }
    }
}
