//! The answer to a call: read within its limit, and made what a caller reads.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http_body_util::BodyExt;
use playhouse_actors::{CallResult, Codec, Encoded, Error, ErrorKind};
use serde_json::Value;

use super::contract::Answer;
use super::transport::{Incoming, causes};

/// The largest answer unless told otherwise, in bytes: as large as a request to our gateway may be.
pub(super) const MAX_ANSWER: usize = 100 << 20;

/// The code of an error for an answer that is larger than that.
const ANSWER_TOO_LARGE: &str = "answer_too_large";

/// Reads a body to its end.
///
/// # Errors
/// When it is larger than `max` bytes, or the connection is lost in the middle.
pub(super) async fn read(headers: &HeaderMap, mut body: Incoming, max: usize) -> CallResult<Bytes> {
    let announced = number(headers, &CONTENT_LENGTH).unwrap_or_default();
    if announced > max as u64 {
        return Err(too_large(max));
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| lost(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + rest.len() + data.len() > max {
            return Err(too_large(max));
        }
        // A small answer comes in one piece, and is passed on without a copy.
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        rest.extend_from_slice(&std::mem::take(&mut first));
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// The connection was lost in the middle of an answer.
pub(super) fn lost(error: &hyper::Error) -> Error {
    ErrorKind::MayHaveRun { reason: format!("the answer was cut short: {}", causes(error)) }.into()
}

/// What a caller reads. Text and bytes alone become JSON, where bytes are base64.
pub(super) fn encoded(headers: &HeaderMap, body: Bytes, answer: Answer) -> CallResult<Encoded> {
    match (content_type(headers), answer) {
        ("application/msgpack", _) => Ok(Encoded::new(Codec::Msgpack, body)),
        ("application/json", Answer::Text) | (_, Answer::Json) => Ok(Encoded::new(Codec::Json, body)),
        (_, Answer::Text) => match String::from_utf8(body.into()) {
            Ok(text) => Encoded::encode(&Value::String(text), Codec::Json),
            Err(_) => Err(Error::service("unreadable_answer", "the answer is not the text in UTF-8 that was expected")),
        },
        (_, Answer::Bytes) => Encoded::encode(&Value::String(STANDARD.encode(&body)), Codec::Json),
    }
}

/// How long the peer wants to be left alone.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    number(headers, &RETRY_AFTER).map(Duration::from_secs)
}

/// The content type, without its parameters.
fn content_type(headers: &HeaderMap) -> &str {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim()
}

fn number(headers: &HeaderMap, name: &http::HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

pub(super) fn too_large(max: usize) -> Error {
    Error::service(ANSWER_TOO_LARGE, format!("the answer is larger than {max} bytes, the limit set by --max-answer"))
}
