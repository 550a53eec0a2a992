//! One call of a peer, from its arguments to its answer or its first item.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use http::{Response, StatusCode};
use playhouse_actors::{CallResult, Encoded, Error, ErrorKind, Hop, MethodDescription, RemoteRequest, TIMEOUT};
use tokio::time::{Instant, sleep};

use super::contract::{Answer, Contract, Offer};
use super::items::Items;
use super::leaving::Leaving;
use super::meeting;
use super::peer::Peer;
use super::problem::Refusal;
use super::reply;
use super::request::{self, Payload, Wanted};
use super::retry::Failed;
use super::stream::Reading;
use super::transport::{Incoming, Unanswered};
use super::watch::Found;
use crate::nearest::nearest;

/// When to come again if too many calls are on their way.
const FULL_FOR: Duration = Duration::from_millis(100);
/// How much is read of an answer that says what went wrong.
const REFUSAL_MAX: usize = 64 << 10;

/// An answer that has begun, and goes well so far.
struct Opened {
    response: Response<Incoming>,
    contract: Arc<Contract>,
}

impl Peer {
    pub(super) async fn call(self: Arc<Self>, mut leaving: Leaving) -> CallResult<Encoded> {
        let result = self.call_until_done(&leaving).await;
        leaving.ended(&result);
        result
    }

    pub(super) async fn stream(
        self: Arc<Self>,
        mut leaving: Leaving,
    ) -> CallResult<BoxStream<'static, CallResult<Encoded>>> {
        match self.stream_until_begun(&leaving).await {
            Ok(reading) => Ok(reading.into_stream(leaving)),
            Err(error) => {
                leaving.ended(&Err::<(), _>(error.clone()));
                Err(error)
            }
        }
    }

    async fn call_until_done(&self, leaving: &Leaving) -> CallResult<Encoded> {
        self.check_place(leaving)?;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.call_once(leaving).await {
                Ok(reply) => return Ok(reply),
                Err(error) => self.pause(error, tries, leaving).await?,
            }
        }
    }

    async fn stream_until_begun(&self, leaving: &Leaving) -> CallResult<Reading> {
        self.check_place(leaving)?;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.stream_once(leaving).await {
                Ok(reading) => return Ok(reading),
                Err(error) => self.pause(error, tries, leaving).await?,
            }
        }
    }

    async fn call_once(&self, leaving: &Leaving) -> CallResult<Encoded> {
        let request = &leaving.request;
        let Opened { response, contract } = self.open(leaving, Wanted::One(request.reply)).await?;
        let (head, body) = response.into_parts();
        let body = reply::read(&head.headers, body, self.max_answer).await;
        let offer = contract.offer(&request.method);
        let encoded = body.and_then(|body| reply::encoded(&head.headers, body, answer(&contract, offer)));
        encoded.map_err(|error| error.returned_by(self.hop(request)))
    }

    async fn stream_once(&self, leaving: &Leaving) -> CallResult<Reading> {
        let request = &leaving.request;
        let Opened { response, contract } = self.open(leaving, Wanted::Stream).await?;
        let offer = contract.offer(&request.method);
        let items = match answer(&contract, offer) {
            _ if contract.is_playhouse => Items::Events(Default::default()),
            Answer::Text => Items::Text(Default::default()),
            _ => Items::Values(Default::default()),
        };
        let mut reading = Reading::new(self, response.into_body(), items, self.hop(request));
        reading.first().await?;
        Ok(reading)
    }

    /// Sends a call; the answer is one that says that it went well.
    async fn open(&self, leaving: &Leaving, wanted: Wanted) -> CallResult<Opened> {
        let request = &leaving.request;
        let contract = self.contract(request).await?;
        let offer = self.offer(&contract, request)?;
        match (offer.map(|offer| offer.is_stream), wanted) {
            (Some(true), Wanted::One(_)) => {
                return Err(self.unexpected(request, "it answers by a stream: call it as one"));
            }
            (Some(false), Wanted::Stream) => return Err(self.unexpected(request, "it answers once: call it so")),
            _ => {}
        }
        let path = offer.map_or_else(|| format!("/{}", request.method), |offer| offer.route.clone());
        let uri = self.reach.address.below(&path).map_err(|error| Error::malformed(format!("{path}: {error}")))?;
        let payload = Payload::of(&request.body, offer, contract.is_playhouse, self.is_root(&request.method))
            .map_err(|error| error.refused_by(self.hop(request)))?;
        let mut sending = request::call(uri, payload, wanted, left(request));
        request::set_origin(sending.headers_mut(), leaving.id.as_ref(), request.context.trace.as_ref());
        let sent = self.reach.send(sending).await;
        let response = sent.map_err(|unanswered| self.unanswered(unanswered, request))?;
        if self.is_away() {
            self.look.notify_one();
        }
        if response.status().is_success() {
            Ok(Opened { response, contract })
        } else {
            Err(self.refused(response, request).await)
        }
    }

    /// What is offered there; asked for if it is not known yet.
    async fn contract(&self, request: &RemoteRequest<'_>) -> CallResult<Arc<Contract>> {
        if let Some(contract) = self.contract.load_full() {
            return Ok(contract);
        }
        let found = match meeting::readiness(&self.reach).await {
            Ok(readiness) => self.meet(readiness.is_playhouse).await,
            Err(reason) => Found::Away(reason),
        };
        // What does not fit is told by whoever looks after the peer; the call may be one that does.
        if let Found::Away(reason) = found {
            return Err(self.unanswered(Unanswered::NotSent(reason), request));
        }
        Ok(self.contract.load_full().unwrap_or_default())
    }

    fn offer<'a>(&self, contract: &'a Contract, request: &RemoteRequest<'_>) -> CallResult<Option<&'a Offer>> {
        let offer = contract.offer(&request.method);
        if offer.is_some() || !contract.is_known {
            return Ok(offer);
        }
        // It may have been added since.
        self.doubt();
        let (method, names) = (&*request.method, contract.names());
        let hint = nearest(method, &names).map(|near| format!("; did you mean {near}?"));
        let message = format!("there is no method {method}, only {}{}", names.join(", "), hint.unwrap_or_default());
        Err(Error::malformed(message).refused_by(self.hop(request)))
    }

    fn unanswered(&self, unanswered: Unanswered, request: &RemoteRequest<'_>) -> Error {
        let hop = self.hop(request);
        match unanswered {
            Unanswered::NotSent(reason) => {
                self.set_trouble(Some(reason.clone()), true);
                self.look.notify_one();
                let reason = format!("{} cannot be reached: {reason}", self.reach.address);
                Error::new(ErrorKind::NotStarted { reason }).refused_by(hop)
            }
            Unanswered::Lost(reason) => {
                self.look.notify_one();
                Error::new(ErrorKind::MayHaveRun { reason }).returned_by(hop)
            }
        }
    }

    async fn refused(&self, response: Response<Incoming>, request: &RemoteRequest<'_>) -> Error {
        let (head, body) = response.into_parts();
        if matches!(
            head.status,
            StatusCode::NOT_FOUND
                | StatusCode::METHOD_NOT_ALLOWED
                | StatusCode::UNSUPPORTED_MEDIA_TYPE
                | StatusCode::UNAUTHORIZED
        ) {
            self.doubt();
        }
        // The status says enough where the rest does not come.
        let body = reply::read(&head.headers, body, REFUSAL_MAX).await.unwrap_or_default();
        let refusal = Refusal { status: head.status, retry_after: reply::retry_after(&head.headers), body: &body };
        refusal.into_error(self.hop(request))
    }

    /// Waits until the call may be made again.
    ///
    /// # Errors
    /// The error that it has ended by, if it may not.
    async fn pause(&self, error: Error, tries: u32, leaving: &Leaving) -> CallResult<()> {
        let request = &leaving.request;
        let idempotent = self.expected(&request.method).is_some_and(|method| method.idempotent);
        let away = tries > 1 && self.is_away();
        let failed = Failed { error: &error, tries, idempotent, away, left: left(request) };
        let Some(pause) = failed.again_after(fastrand::f64()) else { return Err(error) };
        tracing::debug!(url = %self.reach.address, method = &*request.method, %error, "a call is made again in {pause:?}");
        sleep(pause).await;
        leaving.again();
        Ok(())
    }

    /// The method as it is known here.
    fn expected(&self, method: &str) -> Option<&MethodDescription> {
        self.expected.as_ref()?.methods.iter().find(|known| known.name == method)
    }

    /// Whether the arguments of a method are one value alone already.
    fn is_root(&self, method: &str) -> bool {
        self.expected(method).is_some_and(|method| method.root)
    }

    fn check_place(&self, leaving: &Leaving) -> CallResult<()> {
        let full =
            || Error::new(ErrorKind::Overloaded { retry_after: FULL_FOR }).refused_by(self.hop(&leaving.request));
        if leaving.has_place() { Ok(()) } else { Err(full()) }
    }

    fn unexpected(&self, request: &RemoteRequest<'_>, what: &str) -> Error {
        Error::malformed(what).refused_by(self.hop(request))
    }

    fn hop(&self, request: &RemoteRequest<'_>) -> Hop {
        Hop { service: self.service.to_string(), method: request.method.to_string(), replica: self.replica.to_string() }
    }

    pub(super) fn idle_timeout(&self) -> Duration {
        let traffic = self.expected.as_ref().map(|expected| &expected.settings.traffic);
        traffic.and_then(|traffic| traffic.idle_timeout.or(traffic.timeout)).unwrap_or(TIMEOUT)
    }
}

/// How an answer is written. Our own gateways answer in the codec that is asked for.
fn answer(contract: &Contract, offer: Option<&Offer>) -> Answer {
    offer.filter(|_| !contract.is_playhouse).map(|offer| offer.answer).unwrap_or_default()
}

/// What is left of the caller's time.
fn left(request: &RemoteRequest<'_>) -> Duration {
    request.context.deadline.saturating_duration_since(Instant::now())
}
