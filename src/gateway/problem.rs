//! An answer that says what went wrong: `{"error": ..}` with its status.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use bytes::Bytes;
use playhouse_actors::{Error, ErrorKind};
use serde::Serialize;

/// What went wrong with a request, as its client sees it. The rare case: in a box it does not weigh on the others.
#[derive(Debug)]
pub(super) struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    body: ProblemBody,
    header: Option<(HeaderName, HeaderValue)>,
    /// Whether the client should not use the connection again.
    close: bool,
}

/// The body of the answer.
#[derive(Debug, Serialize)]
struct ProblemBody {
    /// For people.
    error: String,
    /// For programs: what the caller can do depends on it.
    kind: &'static str,
    /// The argument at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The service's own name for the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// What else the service says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    /// That a method had begun, where the kind alone would say that nothing ran: the call must not be made again blindly.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    began: bool,
}

impl Problem {
    pub(super) fn new(status: StatusCode, kind: &'static str, error: impl Into<String>) -> Self {
        let body = ProblemBody { error: error.into(), kind, field: None, code: None, details: None, began: false };
        Self(Box::new(Inner { status, body, header: None, close: false }))
    }

    /// A wrong verb, with those that are right.
    pub(super) fn wrong_verb(method: &Method, path: &str, allowed: &'static str) -> Self {
        let message = format!("{path} answers {allowed}, not {method}");
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_verb", message);
        problem.with_header(ALLOW, HeaderValue::from_static(allowed))
    }

    /// The services are not ready yet.
    pub(super) fn starting() -> Self {
        let message = "the services are starting, try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "starting", message).retry_after(Duration::from_secs(1))
    }

    /// One connection has more requests at a time than it may.
    pub(super) fn overcrowded() -> Self {
        let message = "this connection has too many requests at a time: wait for answers, or open another one";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", message).retry_after(Duration::from_secs(1))
    }

    /// The process is about to end.
    pub(super) fn draining() -> Self {
        let message = "this process is ending and takes nothing new: try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "draining", message).closing()
    }

    /// Something that cannot happen did.
    pub(super) fn internal(error: &dyn std::fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string())
    }

    /// Adds a header that says what would do.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// Asks for another connection next time: what is left of this one is of no use.
    pub(super) fn closing(mut self) -> Self {
        self.0.close = true;
        self
    }

    pub(super) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(super) fn message(&self) -> &str {
        &self.0.body.error
    }

    /// The body of the answer.
    pub(super) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0.body).expect("texts have a form in JSON")
    }

    pub(super) fn to_response(&self) -> HttpResponse {
        let json = self.to_json();
        let mut response = HttpResponse::build(self.status());
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        if let Some(header) = &self.0.header {
            response.insert_header(header.clone());
        }
        if self.0.close {
            response.force_close();
        }
        response.body(json)
    }

    /// The answer to a request whose body may not have been read.
    ///
    /// What is left of the body goes with the answer: were it dropped, the server would read it to its end, however long
    /// that takes, and use the connection again. This way it closes the connection.
    pub(super) fn into_response_to(self, rest: Payload) -> HttpResponse {
        self.to_response().map_body(|_, body| BoxBody::new(Unread { body, _rest: rest }))
    }

    /// In whole seconds, as HTTP wants them, and at least one: a client that counts down from 0 would not wait at all.
    pub(super) fn retry_after(self, pause: Duration) -> Self {
        let seconds = pause.as_millis().div_ceil(1000).max(1);
        self.with_header(RETRY_AFTER, HeaderValue::from_str(&seconds.to_string()).expect("digits"))
    }

    fn field(mut self, field: &Option<String>) -> Self {
        self.0.body.field.clone_from(field);
        self
    }

    fn service(mut self, code: &str, details: &Option<String>) -> Self {
        self.0.body.code = Some(code.into());
        self.0.body.details.clone_from(details);
        self
    }
}

/// A body that holds what was not read of the request.
struct Unread {
    body: BoxBody,
    _rest: Payload,
}

impl MessageBody for Unread {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

/// The one place where errors of calls get their status.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let began = error.is_retryable() && !error.proves_not_started();
        let mut problem = Self::of(&error);
        problem.0.body.began = began;
        problem
    }
}

impl Problem {
    fn of(error: &Error) -> Self {
        let behind = error.is_from_dependency();
        // What the called service itself says is said of the URL that the client knows; behind it, the way matters.
        let message = if behind { error.to_string() } else { error.kind().to_string() };
        let plain = |status, kind| Self::new(status, kind, message.clone());
        match error.kind() {
            // Not the client's fault: the called service asked its dependency the wrong thing.
            ErrorKind::Rejected { .. } if behind => plain(StatusCode::INTERNAL_SERVER_ERROR, "dependency_rejected"),
            ErrorKind::Unauthorized { .. } if behind => {
                plain(StatusCode::INTERNAL_SERVER_ERROR, "dependency_unauthorized")
            }
            ErrorKind::Rejected { field, .. } => plain(StatusCode::BAD_REQUEST, "rejected").field(field),
            ErrorKind::Unauthorized { .. } => plain(StatusCode::UNAUTHORIZED, "unauthorized"),
            ErrorKind::Overloaded { retry_after } => {
                plain(StatusCode::TOO_MANY_REQUESTS, "overloaded").retry_after(*retry_after)
            }
            ErrorKind::Unavailable { .. } => plain(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            ErrorKind::NotStarted { .. } => plain(StatusCode::SERVICE_UNAVAILABLE, "not_started"),
            ErrorKind::Draining => plain(StatusCode::SERVICE_UNAVAILABLE, "draining"),
            // Withdrawn by a drain: a client that withdrew its call does not read the answer.
            ErrorKind::Cancelled => plain(StatusCode::SERVICE_UNAVAILABLE, "cancelled"),
            ErrorKind::DeadlineExceeded => plain(StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded"),
            ErrorKind::MayHaveRun { .. } => plain(StatusCode::BAD_GATEWAY, "may_have_run"),
            ErrorKind::Panicked { .. } => plain(StatusCode::INTERNAL_SERVER_ERROR, "panicked"),
            ErrorKind::Service { code, details, .. } => {
                plain(StatusCode::INTERNAL_SERVER_ERROR, "service").service(code, details)
            }
            // Kinds to come: not known to be the client's fault.
            _ => plain(StatusCode::INTERNAL_SERVER_ERROR, "other"),
        }
    }
}
