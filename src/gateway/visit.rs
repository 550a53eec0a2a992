//! One request, counted from its head to the end of its answer.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::TryStreamExt;
use tokio::time::Instant;
use tracing::{Instrument, Span};

use super::connection::Activity;
use super::meter::{Answered, GONE, Meter};
use super::state::Seat;
use super::traced::{self, Traced};
use super::{handler, path};

/// A request that is being answered. Counted when it is dropped: the client may go away at any moment.
pub(super) struct Visit {
    seat: Arc<Seat>,
    meter: Arc<Meter>,
    began: Instant,
    code: u16,
    bytes_in: BytesIn,
    bytes_out: u64,
    span: Span,
}

/// How much of a body has come.
enum BytesIn {
    Announced(u64),
    Read(Rc<Cell<u64>>),
}

/// Answers a request, and counts it.
pub(super) async fn answer(seat: Arc<Seat>, request: &HttpRequest, payload: Payload) -> HttpResponse {
    let mut visit = Visit::begin(&seat, &path::decoded(request.path()));
    let payload = visit.counted(request.headers(), payload);
    let traced = traced::begin(request, visit.meter.route(), seat.shared.figures.tracing.sampler);
    let answer = handler::answer(seat, request, payload);
    let response = match (traced, Activity::shared(request)) {
        (None, None) => answer.await,
        (traced, shared) => {
            visit.span = traced.as_ref().map_or_else(Span::none, |traced| traced.span.clone());
            // Apart, because every request would set room aside for it.
            Box::pin(within(traced, shared, answer)).await
        }
    };
    visit.follow(response)
}

/// What most requests do not need around them: a span, and a watch over a connection that several share.
async fn within(
    traced: Option<Traced>,
    shared: Option<Rc<Activity>>,
    answer: impl Future<Output = HttpResponse>,
) -> HttpResponse {
    let answer = async {
        match shared {
            Some(connection) => connection.while_open(answer).await.unwrap_or_else(nobody),
            None => answer.await,
        }
    };
    match traced {
        Some(Traced { context, span }) => context.scope(answer).instrument(span).await,
        None => answer.await,
    }
}

/// The answer to a client that has gone: it is counted as that.
fn nobody() -> HttpResponse {
    HttpResponse::new(StatusCode::from_u16(GONE).expect("three digits"))
}

impl Visit {
    /// A request for a path as it is looked up.
    pub(super) fn begin(seat: &Arc<Seat>, path: &str) -> Self {
        let (began, meter) = (Instant::now(), seat.shared.figures.meters.of(path));
        let bytes_in = BytesIn::Announced(0);
        Self { seat: Arc::clone(seat), meter, began, code: GONE, bytes_in, bytes_out: 0, span: Span::none() }
    }

    /// Notes the answer, and follows one of unknown length to its end.
    pub(super) fn follow(mut self, response: HttpResponse) -> HttpResponse {
        self.code = response.status().as_u16();
        match response.body().size() {
            BodySize::Sized(bytes) => self.bytes_out = bytes,
            BodySize::None => {}
            BodySize::Stream => return response.map_body(|_, body| BoxBody::new(Counted { body, visit: self })),
        }
        response
    }

    /// Counts the body: by what is announced, which costs nothing; without that as it is read.
    fn counted(&mut self, headers: &HeaderMap, payload: Payload) -> Payload {
        if let Some(bytes) = announced(headers) {
            self.bytes_in = BytesIn::Announced(bytes);
            return payload;
        }
        if matches!(payload, Payload::None) {
            return payload;
        }
        let bytes_in = Rc::new(Cell::new(0));
        self.bytes_in = BytesIn::Read(Rc::clone(&bytes_in));
        let read = payload.inspect_ok(move |bytes| bytes_in.set(bytes_in.get() + bytes.len() as u64));
        Payload::Stream { payload: Box::pin(read) }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        traced::answered(&self.span, self.code);
        let took = self.began.elapsed();
        let bytes_in = match &self.bytes_in {
            BytesIn::Announced(bytes) => *bytes,
            BytesIn::Read(bytes) => bytes.get(),
        };
        self.meter.count(self.seat.index, &Answered { code: self.code, took, bytes_in, bytes_out: self.bytes_out });
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body of unknown length that is counted as it is sent.
struct Counted {
    body: BoxBody,
    visit: Visit,
}

impl MessageBody for Counted {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = ready!(Pin::new(&mut self.body).poll_next(cx));
        if let Some(Ok(bytes)) = &next {
            self.visit.bytes_out += bytes.len() as u64;
        }
        Poll::Ready(next)
    }
}
