//! One request, from its head to its answer.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use playhouse_actors::{AnyClient, MethodKind};

use super::body::{self, Media};
use super::context::Scope;
use super::exchange::Exchange;
use super::problem::Problem;
use super::reply;
use super::reply::stream::{self, Framing};
use super::state::{InFlight, Phase, Seat, Shared};
use super::table::{Entry, Table};
use super::{documents, figures, index, path, probe, tasks};

/// A client that knows how long it will wait says so; the service's own timeout is the limit.
const TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");

/// The service that a BentoML service means to call.
const RUNNER: HeaderName = HeaderName::from_static("runner-name");

/// Answers a request, whatever it is.
pub(super) async fn answer(seat: Arc<Seat>, request: &HttpRequest, mut payload: Payload) -> HttpResponse {
    let in_flight = seat.enter();
    let path = path::decoded(request.path());
    let config = &seat.shared.config;
    let exchange = Exchange::begin(config, request);
    let answered = match *request.method() {
        _ if let Some(answer) = exchange.turned_away(config, request) => answer,
        _ if let Some(asked) = tasks::asked(&seat, &path) => asked.answer(&seat, request, &mut payload).await,
        Method::POST => call(&seat, &exchange, &path, request, &mut payload, in_flight).await,
        Method::GET | Method::HEAD if path == figures::PATH => {
            // Who looks at what is under way is not part of it.
            drop(in_flight);
            Ok(figures::answer(&seat.shared, request).await)
        }
        Method::GET | Method::HEAD => look(&seat, &path, request),
        _ => Err(wrong_verb(&seat, &path, request)),
    };
    let answer = answered.unwrap_or_else(|problem| refuse(request, &exchange, payload, problem));
    exchange.finish(config, answer)
}

/// Calls the method that the path names.
async fn call(
    seat: &Seat,
    exchange: &Exchange,
    path: &str,
    request: &HttpRequest,
    payload: &mut Payload,
    in_flight: InFlight,
) -> Result<HttpResponse, Problem> {
    let entry = entry(seat, path, request)?;
    let headers = request.headers();
    let client = client(&entry, headers)?;
    let media = Media::of(headers);
    let config = &seat.shared.config;
    let scope = Scope::of(exchange, &entry, request, config);
    let answer = match entry.kind {
        MethodKind::Unary | MethodKind::Batch => {
            // Before the body is read and anything runs: what would not be accepted need not be computed.
            let codec = reply::codec(entry.gives, media, headers)?;
            let body = body::read(entry.takes, media, headers, payload, &config.limits).await?;
            let reply = scope.run(pin!(client.call(entry.method, body, codec))).await?;
            reply::respond(headers, reply).await?
        }
        MethodKind::Stream => {
            let framing = Framing::of(headers)?;
            let body = body::read(entry.takes, media, headers, payload, &config.limits).await?;
            // Apart, because every call would set room aside for it.
            let items =
                scope.run(Box::pin(client.stream(entry.method, body, framing.codec(entry.gives))).as_mut()).await?;
            stream::respond(framing, items, in_flight)
        }
    };
    Ok(scope.complete(exchange, answer))
}

/// The method that a path names, if calls are taken at this moment.
fn entry(seat: &Seat, path: &str, request: &HttpRequest) -> Result<Arc<Entry>, Problem> {
    match &*seat.shared.phase() {
        Phase::Starting => Err(Problem::starting()),
        Phase::Draining => Err(Problem::draining()),
        Phase::Up(table) => match meant(table, path, request.headers()).or_else(|| table.get(path)) {
            Some(entry) => Ok(Arc::clone(entry)),
            None if is_looked_at(path) => Err(Problem::wrong_verb(request.method(), path, "GET, HEAD")),
            None => Err(table.not_found(path, &seat.shared.entry)),
        },
    }
}

/// The method of the service that a caller names in a header, if there is one: BentoML's `depends(url=.., on=Service)`
/// calls `/<method>` whichever service it is on.
fn meant<'a>(table: &'a Table, path: &str, headers: &HeaderMap) -> Option<&'a Arc<Entry>> {
    let service = headers.get(RUNNER)?.to_str().ok()?;
    table.get(&format!("/{service}{path}"))
}

/// The client for a call, with the caller's own limit if it is shorter than that of the service.
fn client<'a>(entry: &'a Entry, headers: &HeaderMap) -> Result<Cow<'a, AnyClient>, Problem> {
    let wanted = milliseconds(headers, &TIMEOUT)?.map(Duration::from_millis);
    Ok(match wanted {
        Some(wanted) if wanted < entry.client.timeout() => Cow::Owned(entry.client.with_timeout(wanted)),
        _ => Cow::Borrowed(&entry.client),
    })
}

/// A header with a number of milliseconds.
fn milliseconds(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok()).filter(|&number| number > 0);
    number.map(Some).ok_or_else(|| {
        let message = format!("{name} is {value:?}: expected a whole number of milliseconds above 0");
        Problem::new(StatusCode::BAD_REQUEST, "bad_header", message)
    })
}

/// Answers a question about the process itself.
fn look(seat: &Seat, path: &str, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let phase = seat.shared.phase();
    if let Some(answer) = probe::answer(path, &phase) {
        return Ok(answer);
    }
    match &*phase {
        Phase::Starting => Err(Problem::starting()),
        Phase::Draining => Err(Problem::draining()),
        Phase::Up(table) => {
            let Shared { entry, config, .. } = &*seat.shared;
            match table.documents(entry, config).answer(path, request.headers()) {
                Some(document) => Ok(document),
                None if path == "/" => Ok(index::answer(table, entry)),
                None if table.get(path).is_some() => Err(Problem::wrong_verb(request.method(), path, "POST")),
                None => Err(table.not_found(path, entry)),
            }
        }
    }
}

fn wrong_verb(seat: &Seat, path: &str, request: &HttpRequest) -> Problem {
    match &*seat.shared.phase() {
        _ if is_looked_at(path) => Problem::wrong_verb(request.method(), path, "GET, HEAD"),
        Phase::Up(table) if table.get(path).is_none() => table.not_found(path, &seat.shared.entry),
        _ => Problem::wrong_verb(request.method(), path, "POST"),
    }
}

/// Whether a path is for GET.
fn is_looked_at(path: &str) -> bool {
    probe::is_one(path) || documents::is_one(path)
}

fn refuse(request: &HttpRequest, exchange: &Exchange, rest: Payload, problem: Problem) -> HttpResponse {
    let (status, path, request_id) = (problem.status(), request.path(), exchange.id());
    if status.is_server_error() {
        tracing::warn!(path, status = status.as_u16(), request_id, error = problem.message(), "a call failed");
    } else {
        tracing::debug!(path, status = status.as_u16(), request_id, error = problem.message(), "a call was refused");
    }
    problem.into_response_to(rest)
}
