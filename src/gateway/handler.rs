//! One request, from its head to its answer.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use actix_web::{HttpRequest, HttpResponse};
use playhouse_actors::{AnyClient, Codec, Encoded, MethodKind};

use super::problem::Problem;
use super::state::{InFlight, Phase, Seat};
use super::stream::{self, Framing};
use super::table::Entry;
use super::{format, index, payload, probe};

/// A client that knows how long it will wait says so; the service's own timeout is the limit.
const TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");

/// Answers a request, whatever it is.
pub(super) async fn answer(seat: Arc<Seat>, request: &HttpRequest, mut payload: Payload) -> HttpResponse {
    let in_flight = seat.enter();
    let answered = match *request.method() {
        Method::POST => call(&seat, request, &mut payload, in_flight).await,
        Method::GET | Method::HEAD => look(&seat, request),
        _ => Err(wrong_verb(&seat, request)),
    };
    answered.unwrap_or_else(|problem| refuse(request, payload, problem))
}

/// Calls the method that the path names.
async fn call(
    seat: &Seat,
    request: &HttpRequest,
    payload: &mut Payload,
    in_flight: InFlight,
) -> Result<HttpResponse, Problem> {
    let entry = entry(seat, request)?;
    let headers = request.headers();
    let codec = format::codec(headers)?;
    let client = client(&entry, headers)?;
    let body = Encoded::new(codec, payload::read(headers, payload, &seat.shared.config).await?);
    match entry.kind {
        MethodKind::Unary | MethodKind::Batch => {
            let reply = client.call(entry.method, body, codec).await?;
            Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, format::content_type(codec))).body(reply.head))
        }
        MethodKind::Stream => {
            let framing = if format::wants_lines(headers) { Framing::Lines } else { Framing::Events };
            // Apart, because every call would set room aside for it.
            let items = Box::pin(client.stream(entry.method, body, Codec::Json)).await?;
            Ok(stream::respond(framing, items, in_flight))
        }
    }
}

/// The method that a path names, if calls are taken at this moment.
fn entry(seat: &Seat, request: &HttpRequest) -> Result<Arc<Entry>, Problem> {
    let path = request.path();
    match &*seat.shared.phase() {
        Phase::Starting => Err(Problem::starting()),
        Phase::Draining => Err(Problem::draining()),
        Phase::Up(table) => match table.get(path) {
            Some(entry) => Ok(Arc::clone(entry)),
            None if is_looked_at(path) => Err(Problem::wrong_verb(request.method(), path, "GET, HEAD")),
            None => Err(table.not_found(path, &seat.shared.entry)),
        },
    }
}

/// The client for a call, with the caller's own limit if it is shorter than that of the service.
fn client<'a>(entry: &'a Entry, headers: &HeaderMap) -> Result<Cow<'a, AnyClient>, Problem> {
    let wanted = format::milliseconds(headers, &TIMEOUT)?.map(Duration::from_millis);
    Ok(match wanted {
        Some(wanted) if wanted < entry.client.timeout() => Cow::Owned(entry.client.with_timeout(wanted)),
        _ => Cow::Borrowed(&entry.client),
    })
}

/// Answers a question about the process itself.
fn look(seat: &Seat, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let phase = seat.shared.phase();
    let path = request.path();
    if let Some(answer) = probe::answer(path, &phase) {
        return Ok(answer);
    }
    match &*phase {
        Phase::Starting => Err(Problem::starting()),
        Phase::Draining => Err(Problem::draining()),
        Phase::Up(table) if path == "/" => Ok(index::answer(table, &seat.shared.entry)),
        Phase::Up(table) if table.get(path).is_some() => Err(Problem::wrong_verb(request.method(), path, "POST")),
        Phase::Up(table) => Err(table.not_found(path, &seat.shared.entry)),
    }
}

fn wrong_verb(seat: &Seat, request: &HttpRequest) -> Problem {
    let path = request.path();
    match &*seat.shared.phase() {
        _ if is_looked_at(path) => Problem::wrong_verb(request.method(), path, "GET, HEAD"),
        Phase::Up(table) if table.get(path).is_none() => table.not_found(path, &seat.shared.entry),
        _ => Problem::wrong_verb(request.method(), path, "POST"),
    }
}

/// Whether a path is for GET.
fn is_looked_at(path: &str) -> bool {
    probe::is_one(path) || path == "/"
}

fn refuse(request: &HttpRequest, rest: Payload, problem: Problem) -> HttpResponse {
    let status = problem.status();
    if status.is_server_error() {
        tracing::warn!(path = request.path(), status = status.as_u16(), error = problem.message(), "a call failed");
    } else {
        tracing::debug!(
            path = request.path(),
            status = status.as_u16(),
            error = problem.message(),
            "a call was refused"
        );
    }
    problem.into_response_to(rest)
}
