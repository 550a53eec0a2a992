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
        Method::POST => {let f = call(&seat, request, &mut payload, in_flight); eprintln!("handler {}", std::mem::size_of_val(&f)); f.await}
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
    let phase = seat.shared.phase();
    let table = match &*phase {
        Phase::Up(table) => table,
        Phase::Starting => return Err(Problem::starting()),
        Phase::Draining => return Err(Problem::draining()),
    };
    let path = request.path();
    let Some(entry) = table.get(path) else {
        return Err(if probe::is_one(path) || path == "/" {
            Problem::wrong_verb(request.method(), path, "GET, HEAD")
        } else {
            table.not_found(path, &seat.shared.entry)
        });
    };
    let headers = request.headers();
    let codec = format::codec(headers)?;
    let client = client(entry, headers)?;
    let f = payload::read(headers, payload, &seat.shared.config); eprintln!("read {}", std::mem::size_of_val(&f)); let bytes = f.await?;
    let body = Encoded::new(codec, bytes);
    match entry.kind {
        MethodKind::Unary | MethodKind::Batch => {
            let f = client.call(entry.method, body, codec); eprintln!("call {}", std::mem::size_of_val(&f)); let reply = f.await?;
            Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, format::content_type(codec))).body(reply.head))
        }
        MethodKind::Stream => {
            let framing = if format::wants_lines(headers) { Framing::Lines } else { Framing::Events };
            // Apart, because the room that it takes would be set aside, and moved, for every call.
            let f = client.stream(entry.method, body, Codec::Json); eprintln!("stream {}", std::mem::size_of_val(&f)); let items = Box::pin(f).await?;
            Ok(stream::respond(framing, items, in_flight))
        }
    }
}

/// The client for a call, with the caller's own limit if it is the shorter one.
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
        _ if probe::is_one(path) || path == "/" => Problem::wrong_verb(request.method(), path, "GET, HEAD"),
        Phase::Up(table) if table.get(path).is_none() => table.not_found(path, &seat.shared.entry),
        _ => Problem::wrong_verb(request.method(), path, "POST"),
    }
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
