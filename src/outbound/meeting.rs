//! What is asked of a peer beside calls: what it offers, and whether it is ready.

use bytes::Bytes;
use http::header::SERVER;
use http::response::Parts;
use http::{StatusCode, Uri};

use super::contract::Contract;
use super::reach::Reach;
use super::transport::Unanswered;
use super::{reply, request};

/// The largest document of a peer, in bytes. That of a service with a hundred methods has some 100 kB.
const DOCUMENT_MAX: usize = 16 << 20;
/// How much of the answer of a probe is read.
const READY_MAX: usize = 64 << 10;

/// What a peer answers when it is asked what it offers.
pub(super) enum Met {
    /// This.
    Offers(Contract),
    /// Nothing that can be read, now or later: it is called without.
    Silent(String),
    /// It may say so later.
    NotNow(String),
    /// Nobody is let in with what we have.
    Refused(String),
    /// Nobody is there.
    Away(String),
}

/// Who answers, and whether it can be called.
pub(super) struct Readiness {
    /// Whether it is a Playhouse gateway.
    pub(super) is_playhouse: bool,
    /// Why not, in its own words.
    pub(super) unready: Option<String>,
}

/// Asks what is offered.
pub(super) async fn ask(reach: &Reach) -> Met {
    let (head, body) = match document(reach, "/schema.json", DOCUMENT_MAX).await {
        Ok(document) => document,
        Err(reason) => return Met::Away(reason),
    };
    let said = || format!("its /schema.json answers {}", head.status);
    match head.status {
        status if status.is_success() => match Contract::read(&body) {
            Ok(contract) => Met::Offers(contract),
            Err(error) => Met::Silent(format!("its /schema.json cannot be read: {error}")),
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Met::Refused(refused(reach, &said())),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Met::NotNow(said()),
        _ => Met::Silent(said()),
    }
}

fn refused(reach: &Reach, said: &str) -> String {
    match reach.token_source() {
        Some(source) => format!("it does not let us in with the token from {source}: {said}"),
        None => format!("it lets nobody in without a token: {said}; say where one is by --depends-token"),
    }
}

/// Asks who is there and whether it is ready. A server that does not know the question but answers is taken for ready.
///
/// # Errors
/// When nobody answers.
pub(super) async fn readiness(reach: &Reach) -> Result<Readiness, String> {
    let (head, body) = document(reach, "/readyz", READY_MAX).await?;
    let is_playhouse = head.headers.get(SERVER).is_some_and(|server| server.as_bytes().starts_with(b"playhouse/"));
    let unready = head.status.is_server_error().then(|| {
        let said = serde_json::from_slice::<serde_json::Value>(&body).ok();
        let said = said.and_then(|body| body["error"].as_str().map(ToOwned::to_owned));
        format!("it says: {}", said.unwrap_or_else(|| head.status.to_string()))
    });
    Ok(Readiness { is_playhouse, unready })
}

/// A document below the peer's path or, if it is not there, at the root of its host.
async fn document(reach: &Reach, path: &str, max: usize) -> Result<(Parts, Bytes), String> {
    let below = get(reach, reach.address.below(path), max).await?;
    if below.0.status == StatusCode::NOT_FOUND && reach.address.has_path() {
        return get(reach, reach.address.at(path), max).await;
    }
    Ok(below)
}

async fn get(reach: &Reach, uri: Result<Uri, http::Error>, max: usize) -> Result<(Parts, Bytes), String> {
    let uri = uri.map_err(|error| error.to_string())?;
    let mut lost = String::new();
    // A question may be asked twice: the first may have met a connection that the peer was about to close.
    for _ in 0..2 {
        match reach.send(request::get(uri.clone())).await {
            Ok(response) => {
                let (head, body) = response.into_parts();
                match reply::read(&head.headers, body, max).await {
                    Ok(body) => return Ok((head, body)),
                    Err(error) => lost = error.to_string(),
                }
            }
            Err(Unanswered::NotSent(reason)) => return Err(reason),
            Err(Unanswered::Lost(reason)) => lost = reason,
        }
    }
    Err(lost)
}
