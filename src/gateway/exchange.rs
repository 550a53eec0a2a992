//! What holds for every request, whatever answers it: its id, whether it comes in, what its answer carries besides.

use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::Version;
use actix_web::http::header::{HeaderName, HeaderValue, ORIGIN};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use playhouse_actors::CallTiming;
use tokio::time::Instant;

use super::access_log::{self, Line};
use super::config::GatewayConfig;
use super::connection::Busy;
use super::owed::Pieces;
use super::probe;
use super::problem::Problem;
use super::request_id::{REQUEST_ID, RequestId};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// One request and its answer. What is not switched on costs nothing: no clock is read, nothing is copied but the id.
pub(super) struct Exchange {
    id: RequestId,
    /// Set where something is said about time.
    began: Option<Instant>,
    /// Set where pages of other origins may read answers.
    origin: Option<HeaderValue>,
    /// Set where a line is logged.
    line: Option<Box<Line>>,
    /// Kept until the answer has its end.
    busy: Option<Busy>,
    /// Whether the connection has several requests at a time: then an answer that is not read is not the only one.
    shared: bool,
}

impl Exchange {
    pub(super) fn begin(config: &GatewayConfig, request: &HttpRequest) -> Self {
        let is_logged = config.access_log && !probe::is_one(request.path());
        Self {
            id: RequestId::of(request.headers()),
            began: (config.server_timing || is_logged).then(Instant::now),
            origin: config.cors.as_ref().and_then(|_| request.headers().get(ORIGIN).cloned()),
            line: is_logged.then(|| Box::new(Line::of(request))),
            busy: Busy::of(request),
            shared: request.version() == Version::HTTP_2,
        }
    }

    /// The request's id.
    pub(super) fn id(&self) -> &str {
        self.id.as_str()
    }

    /// The answer to a request that does not come in: a browser's question, a missing token, the word of a hook.
    pub(super) fn turned_away(
        &self,
        config: &GatewayConfig,
        request: &HttpRequest,
    ) -> Option<Result<HttpResponse, Problem>> {
        let (path, headers) = (request.path(), request.headers());
        if self.busy.as_ref().is_some_and(Busy::is_too_much) {
            return Some(Err(Problem::overcrowded()));
        }
        let asked = config.cors.as_ref().and_then(|cors| cors.preflight(request.method(), headers));
        if asked.is_some() || probe::is_open(path) {
            return asked;
        }
        let tokens = config.tokens.as_ref().filter(|_| !config.is_open(request.method(), path));
        let known = tokens.map_or(Ok(()), |tokens| tokens.check(headers));
        let comes_in =
            known.and_then(|()| config.before.iter().try_for_each(|hook| (hook.0)(request).map_err(|error| error.0)));
        comes_in.err().map(Err)
    }

    /// Says in the answer how long its call took, if that is wanted.
    pub(super) fn tell_times(&self, timing: Option<CallTiming>, response: &mut HttpResponse) {
        let Some((timing, began)) = timing.zip(self.began) else { return };
        let mut times = String::new();
        for (name, duration) in [("queue", timing.queue), ("run", timing.run)] {
            let _ = write!(times, "{name};dur={}, ", milliseconds(duration));
        }
        let _ = write!(times, "total;dur={}", milliseconds(began.elapsed()));
        insert_times(times, response);
    }

    /// Completes the answer.
    pub(super) fn finish(self, config: &GatewayConfig, mut response: HttpResponse) -> HttpResponse {
        if let Some(cors) = &config.cors {
            cors.allow(self.origin.as_ref(), response.headers_mut());
        }
        if let Some(began) = self.began.filter(|_| config.server_timing)
            && !response.headers().contains_key(SERVER_TIMING)
        {
            insert_times(format!("total;dur={}", milliseconds(began.elapsed())), &mut response);
        }
        response.headers_mut().insert(REQUEST_ID, self.id.clone().into_value());
        let response = match self.busy {
            Some(busy) if self.shared => response.map_body(|_, body| BoxBody::new(Pieces::new(body, busy))),
            Some(busy) if matches!(response.body().size(), BodySize::Stream) => {
                response.map_body(|_, body| BoxBody::new(Streaming { body, _busy: busy }))
            }
            _ => response,
        };
        match (self.line, self.began) {
            (Some(line), Some(began)) => access_log::follow(*line, began, self.id, response),
            _ => response,
        }
    }
}

/// A body that goes on after its handler has returned: until its end the connection owes an answer.
struct Streaming {
    body: BoxBody,
    _busy: Busy,
}

impl MessageBody for Streaming {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

fn insert_times(times: String, response: &mut HttpResponse) {
    let times = HeaderValue::try_from(times).expect("names and numbers");
    response.headers_mut().insert(SERVER_TIMING, times);
}

/// As the header has them: with three digits behind the point, which are microseconds.
fn milliseconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64() * 1000.0)
}
