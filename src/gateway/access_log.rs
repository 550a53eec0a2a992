//! One line for each request, when its answer has been handed over or given up.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use playhouse_actors::TraceId;
use tokio::time::Instant;

use super::request_id::RequestId;
use super::traced;

/// What is known of a request when it comes.
pub(super) struct Line {
    method: Method,
    path: String,
    peer: Option<SocketAddr>,
    trace: Option<TraceId>,
}

impl Line {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let trace = traced::brought(request.headers()).map(|trace| trace.trace_id());
        let (method, path) = (request.method().clone(), request.path().to_owned());
        Self { method, path, peer: request.peer_addr(), trace }
    }
}

/// Logs the line when the answer has been handed over.
pub(super) fn follow(line: Line, began: Instant, id: RequestId, response: HttpResponse) -> HttpResponse {
    let status = response.status();
    response.map_body(|_, body| {
        let whole = matches!(body.size(), BodySize::None | BodySize::Sized(0));
        BoxBody::new(Followed { body, line, began, id, status, bytes: 0, whole })
    })
}

/// The body of an answer that is followed to its end.
struct Followed {
    body: BoxBody,
    line: Line,
    began: Instant,
    id: RequestId,
    status: StatusCode,
    /// How many have been handed over.
    bytes: usize,
    /// Whether all have.
    whole: bool,
}

impl MessageBody for Followed {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(cx);
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => self.bytes += bytes.len(),
            Poll::Ready(None) => self.whole = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let Self { line: Line { method, path, peer, trace }, began, id, status, bytes, whole, .. } = self;
        let peer = peer.map(|peer| peer.to_string());
        tracing::info!(
            target: "playhouse::access",
            %method,
            path,
            status = status.as_u16(),
            bytes,
            duration_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            request_id = id.as_str(),
            peer,
            trace_id = trace.map(tracing::field::display),
            // Only where the client went away, or the connection was cut, before all was handed over.
            cut = (!*whole).then_some(true),
            "answered"
        );
    }
}
