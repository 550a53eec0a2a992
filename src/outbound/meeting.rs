//! What is asked of a peer beside calls: what it offers, and whether it is ready.

use bytes::Bytes;
use http::header::SERVER;
use http::response::Parts;
use http::{StatusCode, Uri};

use super::address::Address;
use super::contract::Contract;
use super::transport::{self, Unanswered};
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
}

/// Who answers, and whether it can be called.
pub(super) struct Readiness {
    /// Whether it is a Playhouse gateway.
    pub(super) is_playhouse: bool,
    /// Why not, in its own words.
    pub(super) unready: Option<String>,
}

/// Asks what is offered.
///
/// # Errors
/// When nobody answers.
pub(super) async fn ask(address: &Address) -> Result<Met, String> {
    let (head, body) = document(address, "/schema.json", DOCUMENT_MAX).await?;
    let status = head.status;
    if status.is_success() {
        return Ok(match Contract::read(&body) {
            Ok(contract) => Met::Offers(contract),
            Err(error) => Met::Silent(format!("its /schema.json cannot be read: {error}")),
        });
    }
    let said = format!("its /schema.json answers {status}");
    let later = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    Ok(if later { Met::NotNow(said) } else { Met::Silent(said) })
}

/// Asks who is there and whether it is ready. A server that does not know the question but answers is taken for ready.
///
/// # Errors
/// When nobody answers.
pub(super) async fn readiness(address: &Address) -> Result<Readiness, String> {
    let (head, body) = document(address, "/readyz", READY_MAX).await?;
    let is_playhouse = head.headers.get(SERVER).is_some_and(|server| server.as_bytes().starts_with(b"playhouse/"));
    let unready = head.status.is_server_error().then(|| {
        let said = serde_json::from_slice::<serde_json::Value>(&body).ok();
        let said = said.and_then(|body| body["error"].as_str().map(ToOwned::to_owned));
        format!("it says: {}", said.unwrap_or_else(|| head.status.to_string()))
    });
    Ok(Readiness { is_playhouse, unready })
}

/// A document below the peer's path or, if it is not there, at the root of its host.
async fn document(address: &Address, path: &str, max: usize) -> Result<(Parts, Bytes), String> {
    let below = get(address.below(path), max).await?;
    if below.0.status == StatusCode::NOT_FOUND && address.has_path() {
        return get(address.at(path), max).await;
    }
    Ok(below)
}

async fn get(uri: Result<Uri, http::Error>, max: usize) -> Result<(Parts, Bytes), String> {
    let uri = uri.map_err(|error| error.to_string())?;
    let mut lost = String::new();
    // A question may be asked twice: the first may have met a connection that the peer was about to close.
    for _ in 0..2 {
        match transport::send(request::get(uri.clone())).await {
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
