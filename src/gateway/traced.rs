//! The trace that a request belongs to, and its span in it.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use playhouse_actors::{CallContext, SPANS, SpanId, TraceContext};
use tracing::{Level, Span, field};

use crate::telemetry::Sampler;

/// How much of a path is noted.
const PATH_MAX: usize = 256;

/// What a request that belongs to a trace has beside others: a context for the calls that it makes, and a span if it is
/// recorded and somebody listens.
pub(super) struct Traced {
    pub(super) context: CallContext,
    pub(super) span: Span,
}

/// The trace of a request: the one that it brings, or a new one where spans go anywhere.
pub(super) fn begin(request: &HttpRequest, route: Option<&str>, sampler: Sampler) -> Option<Traced> {
    let brought = brought(request.headers());
    let trace = match &brought {
        Some(brought) => brought.clone(),
        // Whoever looks after the process does so every few seconds: that is no story of its own.
        None if request.method() != Method::POST => return None,
        None => sampler.begin(fastrand::f64())?,
    };
    if !trace.is_sampled() || !tracing::span_enabled!(target: SPANS, Level::DEBUG) {
        return Some(Traced { context: CallContext::of_trace(trace), span: Span::none() });
    }
    let own = brought.as_ref().map_or(trace, TraceContext::child);
    let span = span(request, route, &own, brought.map(|brought| brought.span_id()));
    Some(Traced { context: CallContext::of_trace(own), span })
}

/// The trace that the headers name, if they name one in the form that the W3C wants.
pub(super) fn brought(headers: &HeaderMap) -> Option<TraceContext> {
    let mut parents = headers.get_all("traceparent");
    let parent = parents.next()?;
    // Nobody knows which of several is right.
    if parents.next().is_some() {
        return None;
    }
    TraceContext::parse(parent.as_bytes(), headers.get_all("tracestate").map(|state| state.as_bytes()))
}

fn span(request: &HttpRequest, route: Option<&str>, own: &TraceContext, parent: Option<SpanId>) -> Span {
    let (method, path) = (request.method().as_str(), request.path());
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    tracing::span!(
        target: SPANS,
        parent: None,
        Level::DEBUG,
        "request",
        otel.name = name,
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        url.path = &path[..path.floor_char_boundary(PATH_MAX)],
        http.response.status_code = field::Empty,
        error = field::Empty,
        trace_id = %own.trace_id(),
        span_id = %own.span_id(),
        parent_id = parent.map(field::display),
        parent_is_remote = parent.is_some(),
    )
}

/// Notes how a request was answered.
pub(super) fn answered(span: &Span, code: u16) {
    if span.is_none() {
        return;
    }
    span.record("http.response.status_code", u64::from(code));
    // What the client did wrong is no error of this process.
    if code >= 500 {
        span.record("error", format!("status {code}"));
    }
}
