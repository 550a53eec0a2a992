//! The context of a call: made where somebody asks for it, and heard when the method has answered.

use std::pin::Pin;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use playhouse_actors::{Context, Headers, RequestHead, ResponseHead};

use super::config::GatewayConfig;
use super::exchange::Exchange;
use super::table::Entry;

/// The context of one call, if anybody asks for it: its method, services behind it, or the header with the times.
pub(super) struct Scope(Option<Context>);

impl Scope {
    pub(super) fn of(exchange: &Exchange, entry: &Entry, request: &HttpRequest, config: &GatewayConfig) -> Self {
        if !entry.context && !entry.traced && !config.server_timing {
            return Self(None);
        }
        let headers = if entry.context { copy(request.headers()) } else { Headers::default() };
        let head = RequestHead { id: exchange.id().into(), headers, peer: request.peer_addr() };
        Self(Some(if config.server_timing { Context::timed(head) } else { Context::of(head) }))
    }

    /// Makes a call in it.
    pub(super) async fn run<F: Future>(&self, call: Pin<&mut F>) -> F::Output {
        match &self.0 {
            None => call.await,
            // In a box: the room for it would be in every request otherwise.
            Some(context) => Box::pin(context.clone().scope(call)).await,
        }
    }

    /// Adds to an answer what the method has said about it, and how long that took.
    pub(super) fn complete(&self, exchange: &Exchange, mut response: HttpResponse) -> HttpResponse {
        let Some(context) = &self.0 else { return response };
        exchange.tell_times(context.timing(), &mut response);
        let ResponseHead { status, headers } = context.response();
        for (name, value) in headers.iter() {
            // Checked when they were set.
            let header = HeaderName::try_from(name).ok().zip(HeaderValue::from_bytes(value).ok());
            let Some((name, value)) = header else { continue };
            if response.headers().contains_key(&name) && !is_list(&name) {
                response.headers_mut().insert(name, value);
            } else {
                response.headers_mut().append(name, value);
            }
        }
        match status.and_then(|status| StatusCode::from_u16(status).ok()) {
            Some(status) => with_status(response, status),
            None => response,
        }
    }
}

/// Whether a header may stand in an answer more than once.
fn is_list(name: &HeaderName) -> bool {
    !matches!(name.as_str(), "content-type" | "cache-control" | "etag" | "location" | "last-modified" | "server")
}

fn with_status(mut response: HttpResponse, status: StatusCode) -> HttpResponse {
    *response.status_mut() = status;
    match status {
        // These have no body, whatever the method returns.
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
            response.drop_body().map_into_boxed_body()
        }
        _ => response,
    }
}

/// The context of what a handler of the user's own calls.
pub(super) fn of_own_path(exchange: &Exchange, request: &HttpRequest) -> Context {
    let (id, headers, peer) = (exchange.id().into(), copy(request.headers()), request.peer_addr());
    Context::of(RequestHead { id, headers, peer })
}

fn copy(headers: &HeaderMap) -> Headers {
    let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let mut copy = Headers::with_capacity(headers.len(), bytes);
    headers.iter().for_each(|(name, value)| copy.append(name.as_str(), value.as_bytes()));
    copy
}
