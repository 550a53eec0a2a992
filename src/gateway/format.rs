//! What a request's headers say of its body and of the answer.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use playhouse_actors::Codec;

use super::problem::Problem;

const JSON: &str = "application/json";
const MSGPACK: &str = "application/msgpack";

/// The codec of a request's body, in which it is answered too. JSON where nothing is said.
pub(super) fn codec(headers: &HeaderMap) -> Result<Codec, Problem> {
    if let Some(encoding) = headers.get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        return Err(unsupported("content-encoding", encoding, "none at all"));
    }
    let Some(given) = headers.get(CONTENT_TYPE) else { return Ok(Codec::Json) };
    match essence(given) {
        b"application/json" => Ok(Codec::Json),
        essence if essence.eq_ignore_ascii_case(JSON.as_bytes()) => Ok(Codec::Json),
        essence if essence.eq_ignore_ascii_case(MSGPACK.as_bytes()) => Ok(Codec::Msgpack),
        // What curl says when it is told nothing.
        b"application/x-www-form-urlencoded" => {
            Err(unsupported("content-type", given, "application/json; with curl: -H 'content-type: application/json'"))
        }
        _ => Err(unsupported("content-type", given, "application/json or application/msgpack")),
    }
}

/// The content type of a body.
pub(super) fn content_type(codec: Codec) -> HeaderValue {
    HeaderValue::from_static(match codec {
        Codec::Msgpack => MSGPACK,
        _ => JSON,
    })
}

/// Whether a streaming answer is wanted as lines of JSON; else it is sent as server-sent events.
pub(super) fn wants_lines(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    accepted.split(|&byte| byte == b',').any(|range| {
        let media = range.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
        media.eq_ignore_ascii_case(b"application/x-ndjson") || media.eq_ignore_ascii_case(b"application/jsonl")
    })
}

/// A header with a number of milliseconds.
pub(super) fn milliseconds(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok()).filter(|&number| number > 0);
    number.map(Some).ok_or_else(|| {
        let message = format!("{name} is {value:?}: expected a whole number of milliseconds above 0");
        Problem::new(StatusCode::BAD_REQUEST, "bad_header", message)
    })
}

/// A media type without its parameters: `charset=utf-8` changes nothing in JSON.
fn essence(value: &HeaderValue) -> &[u8] {
    let bytes = value.as_bytes();
    bytes.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii()
}

fn unsupported(name: &str, value: &HeaderValue, expected: &str) -> Problem {
    let message = format!("{name} {value:?} is not understood: expected {expected}");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
}
