//! The bytes of a body, read within their limits.

use std::future::poll_fn;
use std::mem::replace;
use std::task::Poll;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::time::sleep;

use super::inflate;
use crate::gateway::config::Limits;
use crate::gateway::problem::Problem;

/// How much is set aside for a body that has only been announced. Beyond it room grows with what has arrived.
const RESERVED_MAX: usize = 1 << 20;

/// Reads a body. One that arrives in one piece, as small ones do, is passed on without a copy; any other is put into one
/// buffer, of exactly its size where that was announced.
pub(super) async fn read(headers: &HeaderMap, payload: &mut Payload, limits: &Limits) -> Result<Bytes, Problem> {
    if let Some(encoding) = headers.get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        let inflater = inflate::Inflater::of(encoding, limits.max_body)?;
        return Box::pin(inflate::read(inflater, payload, limits)).await;
    }
    let announced = announced(headers);
    if announced.is_some_and(|length| length > limits.max_body) {
        return Err(too_large(limits.max_body));
    }
    let Some(first) = next(payload, limits.body_timeout).await? else { return Ok(Bytes::new()) };
    if announced == Some(first.len()) {
        return Ok(first);
    }
    // Apart, because every request would set room aside for it, and few come in pieces.
    Box::pin(read_on(first, announced, payload, limits)).await
}

/// Reads what follows the first piece.
async fn read_on(
    first: Bytes,
    announced: Option<usize>,
    payload: &mut Payload,
    limits: &Limits,
) -> Result<Bytes, Problem> {
    let mut body = Vec::new();
    let mut chunk = Some(first);
    while let Some(bytes) = chunk {
        if body.len() + bytes.len() > limits.max_body {
            return Err(too_large(limits.max_body));
        }
        if body.capacity() - body.len() < bytes.len() {
            body.reserve_exact(room(body.len(), bytes.len(), announced));
        }
        body.extend_from_slice(&bytes);
        chunk = next(payload, limits.body_timeout).await?;
    }
    Ok(body.into())
}

/// How much room to make behind `len` bytes for another `more`: twice what is there, at least what is announced up to
/// [`RESERVED_MAX`], and never more than is announced.
fn room(len: usize, more: usize, announced: Option<usize>) -> usize {
    let grown = len.max(RESERVED_MAX.min(announced.unwrap_or(0)));
    let left = announced.map_or(usize::MAX, |announced| announced.saturating_sub(len));
    grown.min(left).max(more)
}

/// The next piece. A timer is set only when it is not there at the second look.
///
/// The server hands a request over before it has looked at the bytes behind the head, and looks at its handler again
/// when it has: at the first look even a small body is never there. `tests/gateway/limits.rs` relies on that second look.
pub(super) async fn next(payload: &mut Payload, limit: Duration) -> Result<Option<Bytes>, Problem> {
    let mut looked = false;
    let mut pause = None;
    let next = poll_fn(|cx| {
        if let Poll::Ready(next) = payload.poll_next_unpin(cx) {
            return Poll::Ready(Ok(next));
        }
        if !replace(&mut looked, true) {
            return Poll::Pending;
        }
        let pause = pause.get_or_insert_with(|| Box::pin(sleep(limit)));
        pause.as_mut().poll(cx).map(|()| Err(too_slow(limit)))
    });
    next.await?.transpose().map_err(|error| unreadable(&error))
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pub(super) fn too_large(limit: usize) -> Problem {
    let message = format!("the body is larger than {limit} bytes, the limit set by --max-body");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).closing()
}

fn too_slow(limit: Duration) -> Problem {
    let message = format!("nothing of the body has arrived for {limit:?}");
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message).closing()
}

fn unreadable(error: &PayloadError) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "unreadable_body", format!("the body cannot be read: {error}")).closing()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_follows_what_arrives_and_ends_at_what_is_announced() {
        const MB: usize = 1 << 20;
        let table = [
            // A body of 1 MiB is set aside at once, and 100 MiB are not because somebody says so.
            ((0, 30_000, Some(MB)), MB),
            ((0, 30_000, Some(100 * MB)), MB),
            ((MB, 30_000, Some(100 * MB)), MB),
            ((64 * MB, 30_000, Some(100 * MB)), 36 * MB),
            ((0, 500, None), 500),
            ((1500, 500, None), 1500),
            // A server would not let it, but the piece has to fit in any case.
            ((MB, 500, Some(MB)), 500),
        ];
        for ((len, more, announced), expected) in table {
            assert_eq!(room(len, more, announced), expected, "{len} {more} {announced:?}");
        }
    }
}
