//! A streaming answer: server-sent events, or lines of JSON.

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use bytes::{BufMut, Bytes, BytesMut};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use playhouse_actors::{CallResult, Encoded};

use super::problem::Problem;
use super::state::InFlight;

/// How items are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// `data: <JSON>` and an empty line; an error is an event named `error`.
    Events,
    /// One JSON value a line; an error is an object whose first key is `error`.
    Lines,
}

/// Sends items as they come, at the pace of the client. The status is 200 from the first one on, so an error in
/// mid-stream is the last item. Dropped when the client goes away, and with it the call.
pub(super) fn respond(
    framing: Framing,
    items: BoxStream<'static, CallResult<Encoded>>,
    in_flight: InFlight,
) -> HttpResponse {
    let chunks = items.map(move |item| {
        // Counted until the last item is written.
        let _ = &in_flight;
        Ok::<_, Infallible>(framing.chunk(item))
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, framing.content_type()))
        // A cache or a proxy that waits for the end would make a stream of no use.
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(chunks)
}

impl Framing {
    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Events => "text/event-stream; charset=utf-8",
            Self::Lines => "application/x-ndjson",
        })
    }

    fn chunk(self, item: CallResult<Encoded>) -> Bytes {
        match item {
            Ok(item) => self.frame("data: ", &item.head),
            Err(error) => self.frame("event: error\ndata: ", &Problem::from(error).to_json()),
        }
    }

    /// JSON has no line breaks of its own: those in texts are escaped.
    fn frame(self, prefix: &str, json: &[u8]) -> Bytes {
        let (prefix, end) = match self {
            Self::Events => (prefix, "\n\n"),
            Self::Lines => ("", "\n"),
        };
        let mut chunk = BytesMut::with_capacity(prefix.len() + json.len() + end.len());
        chunk.put_slice(prefix.as_bytes());
        chunk.put_slice(json);
        chunk.put_slice(end.as_bytes());
        chunk.freeze()
    }
}

#[cfg(test)]
mod tests {
    use playhouse_actors::{Codec, Error};

    use super::*;

    fn text(framing: Framing, item: CallResult<Encoded>) -> String {
        String::from_utf8(framing.chunk(item).to_vec()).unwrap()
    }

    #[test]
    fn items_and_errors_are_told_apart() {
        let item = || Encoded::encode(&"a\nb", Codec::Json);
        let error = || Err(Error::service("spent", "no more"));
        let body = r#"{"error":"no more","kind":"service","code":"spent"}"#;
        assert_eq!(text(Framing::Events, item()), "data: \"a\\nb\"\n\n");
        assert_eq!(text(Framing::Lines, item()), "\"a\\nb\"\n");
        assert_eq!(text(Framing::Events, error()), format!("event: error\ndata: {body}\n\n"));
        assert_eq!(text(Framing::Lines, error()), format!("{body}\n"));
    }
}
