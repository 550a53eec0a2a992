//! A streaming answer: server-sent events, lines of JSON, or items one after the other as BentoML sends them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use bytes::{BufMut, Bytes, BytesMut};
use futures_core::Stream;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use playhouse_actors::{CallResult, Codec, Encoded};

use super::accept::{self, Offer};
use crate::gateway::problem::Problem;
use crate::gateway::state::InFlight;
use crate::gateway::value::Kind;

/// How items are told apart. None of the three is compressed: each item would have to be flushed, which leaves little to
/// gain, and a proxy that unpacks an answer likes to wait for all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) enum Framing {
    /// As BentoML does: texts and bytes as they are, everything else as JSON, with nothing between. An error cuts the
    /// connection before the end of the answer.
    Bare,
    /// `data: <JSON>` and an empty line; an error is an event named `error`.
    Events,
    /// One JSON value a line; an error is an object whose first key is `error`.
    Lines,
}

const ALL: [Framing; 3] = [Framing::Bare, Framing::Events, Framing::Lines];

/// The items of an answer as they are written. Dropped when the client goes away, and with it the call.
struct Chunks {
    framing: Framing,
    items: BoxStream<'static, CallResult<Encoded>>,
    state: State,
    /// Counted until the last item is written.
    _in_flight: InFlight,
}

/// How far an answer is.
enum State {
    Open,
    /// The last item has been an error, which is to be seen as an answer without an end.
    Failed(Problem),
    Ended,
}

/// Why an answer is cut short; its client sees no more than that it is.
#[derive(Debug)]
struct CutShort(String);

/// Sends items as they come, at the pace of the client. The status is 200 from the first one on.
pub(in crate::gateway) fn respond(
    framing: Framing,
    items: BoxStream<'static, CallResult<Encoded>>,
    in_flight: InFlight,
) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, framing.content_type()))
        // A cache or a proxy that waits for the end would make a stream of no use.
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Chunks { framing, items, state: State::Open, _in_flight: in_flight })
}

impl Framing {
    /// The framing that a client accepts; that of BentoML if it has no wish, because its clients have none.
    ///
    /// # Errors
    /// 406, with what there is.
    pub(in crate::gateway) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        if accept::takes_anything(headers) {
            return Ok(Self::Bare);
        }
        accept::best(headers, &ALL).copied().ok_or_else(|| {
            let message = "there is no stream of a type that `accept` names: it can be text/event-stream, application/x-ndjson or */*";
            Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", message)
        })
    }

    /// The codec of each item of this kind.
    pub(in crate::gateway) fn codec(self, gives: Kind) -> Codec {
        match (self, gives) {
            (Self::Bare, Kind::Text | Kind::Bytes | Kind::File) => Codec::Raw,
            _ => Codec::Json,
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Bare | Self::Events => "text/event-stream; charset=utf-8",
            Self::Lines => "application/x-ndjson",
        })
    }

    /// An item as it is written.
    fn item(self, item: Encoded) -> Bytes {
        match self {
            Self::Bare => item.segments.into_iter().next().unwrap_or(item.head),
            Self::Events => concat("data: ", &item.head, "\n\n"),
            Self::Lines => concat("", &item.head, "\n"),
        }
    }

    /// An error as it is written; `None` where it is not.
    fn error(self, problem: &Problem) -> Option<Bytes> {
        match self {
            Self::Bare => None,
            Self::Events => Some(concat("event: error\ndata: ", &problem.to_json(), "\n\n")),
            Self::Lines => Some(concat("", &problem.to_json(), "\n")),
        }
    }
}

impl Offer for Framing {
    fn is_in(&self, kind: &str, subtype: &str) -> bool {
        let is = |name: &str, given: &str| given == "*" || given.eq_ignore_ascii_case(name);
        match self {
            Self::Bare => kind == "*",
            Self::Events => kind != "*" && is("text", kind) && is("event-stream", subtype),
            Self::Lines => kind != "*" && is("application", kind) && (is("x-ndjson", subtype) || is("jsonl", subtype)),
        }
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, CutShort>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Open => {}
            State::Failed(problem) => return Poll::Ready(Some(Err(CutShort(problem.message().to_owned())))),
            State::Ended => return Poll::Ready(None),
        }
        let Poll::Ready(item) = self.items.poll_next_unpin(cx) else {
            self.state = State::Open;
            return Poll::Pending;
        };
        match item {
            Some(Ok(item)) => {
                self.state = State::Open;
                Poll::Ready(Some(Ok(self.framing.item(item))))
            }
            Some(Err(error)) => self.fail(Problem::from(error), cx),
            None => Poll::Ready(None),
        }
    }
}

impl Chunks {
    /// Writes an error, or cuts the answer short. The server forgets what it has not written yet when it is cut, so that
    /// waits until the server has come back for more.
    fn fail(&mut self, problem: Problem, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, CutShort>>> {
        if let Some(chunk) = self.framing.error(&problem) {
            return Poll::Ready(Some(Ok(chunk)));
        }
        // The client is not told, so the log is.
        tracing::warn!(error = problem.message(), "a stream was cut short");
        self.state = State::Failed(problem);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl std::error::Error for CutShort {}

impl fmt::Display for CutShort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a stream was cut short: {}", self.0)
    }
}

/// JSON has no line breaks of its own: those in texts are escaped.
fn concat(prefix: &str, json: &[u8], end: &str) -> Bytes {
    let mut chunk = BytesMut::with_capacity(prefix.len() + json.len() + end.len());
    chunk.put_slice(prefix.as_bytes());
    chunk.put_slice(json);
    chunk.put_slice(end.as_bytes());
    chunk.freeze()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT;
    use playhouse_actors::Error;

    use super::*;

    #[test]
    fn items_and_errors_are_told_apart() {
        let json = || Encoded::encode(&"a\nb".to_owned(), Codec::Json).unwrap();
        let problem = Problem::from(Error::service("spent", "no more"));
        let error = r#"{"error":"no more","kind":"service","code":"spent"}"#;
        assert_eq!(Framing::Events.item(json()), "data: \"a\\nb\"\n\n");
        assert_eq!(Framing::Lines.item(json()), "\"a\\nb\"\n");
        assert_eq!(Framing::Bare.item(json()), "\"a\\nb\"");
        assert_eq!(Framing::Bare.item(Encoded::encode(&"a\nb".to_owned(), Codec::Raw).unwrap()), "a\nb");
        assert_eq!(Framing::Events.error(&problem).unwrap(), format!("event: error\ndata: {error}\n\n"));
        assert_eq!(Framing::Lines.error(&problem).unwrap(), format!("{error}\n"));
        assert_eq!(Framing::Bare.error(&problem), None);
    }

    #[test]
    fn accept_decides() {
        let table = [
            ("*/*", Ok(Framing::Bare)),
            ("text/event-stream", Ok(Framing::Events)),
            ("text/event-stream, */*", Ok(Framing::Events)),
            ("text/html, application/x-ndjson;q=0.9", Ok(Framing::Lines)),
            ("application/jsonl", Ok(Framing::Lines)),
            ("text/*", Ok(Framing::Events)),
            ("application/json, text/plain, */*", Ok(Framing::Bare)),
            ("image/png", Err(StatusCode::NOT_ACCEPTABLE)),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(Framing::of(&headers).map_err(|problem| problem.status()), expected, "{accept}");
        }
    }
}
