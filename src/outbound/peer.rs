//! A service at a URL, as the router sees it: a replica in another process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use playhouse_actors::{CallResult, Codec, Encoded, Interface, Remote, RemoteRequest, ReplicaId, ServiceDescription};
use tokio::sync::{Notify, oneshot};

use super::contract::Contract;
use super::figures::{OutboundFigures, ServiceFigures};
use super::fit;
use super::leaving::Leaving;
use super::meeting::{self, Met};
use super::reach::Reach;
use super::watch::Found;

/// How many calls of one dependency are on their way at most, as many as a mailbox holds: each has a connection.
const IN_FLIGHT_MAX: usize = 1024;

/// The way to a peer. Dropping it ends the task that looks after the peer.
pub(super) struct Way {
    pub(super) peer: Arc<Peer>,
    /// Its other end is with that task.
    pub(super) _watched: oneshot::Sender<()>,
}

/// A service at a URL, and what is known of it.
pub(super) struct Peer {
    pub(super) replica: ReplicaId,
    pub(super) reach: Reach,
    pub(super) service: Box<str>,
    pub(super) expected: Option<ServiceDescription>,
    pub(super) contract: ArcSwapOption<Contract>,
    /// Why it cannot be called.
    trouble: ArcSwapOption<Arc<str>>,
    /// Whether nobody answers there.
    away: AtomicBool,
    /// Whether the contract is in doubt.
    stale: AtomicBool,
    /// Asks the task that looks after the peer to do so now.
    pub(super) look: Notify,
    in_flight: AtomicUsize,
    pub(super) figures: Arc<ServiceFigures>,
    /// The largest answer that is read, in bytes; in a stream, the largest item.
    pub(super) max_answer: usize,
}

impl Peer {
    pub(super) fn new(reach: Reach, interface: Interface, figures: &OutboundFigures, max_answer: usize) -> Arc<Self> {
        let replica = ReplicaId::named(&reach.address.to_string());
        let service: Box<str> = interface.service().unwrap_or_else(|| replica.as_str()).into();
        let (figures, expected) = (figures.of(&service), interface.description());
        let methods = expected.iter().flat_map(|expected| &expected.methods);
        figures.learn(methods.map(|method| method.name));
        Arc::new(Self {
            replica,
            reach,
            service,
            expected,
            contract: ArcSwapOption::empty(),
            trouble: ArcSwapOption::empty(),
            away: AtomicBool::new(false),
            stale: AtomicBool::new(false),
            look: Notify::new(),
            in_flight: AtomicUsize::new(0),
            figures,
            max_answer,
        })
    }

    /// Asks what is offered there, and notes it.
    pub(super) async fn meet(&self, is_playhouse: bool) -> Found {
        let url = &self.reach.address;
        let mut contract = match meeting::ask(&self.reach).await {
            Met::Offers(contract) => contract,
            Met::Silent(why) => {
                tracing::warn!(%url, "what is called there cannot be checked: {why}");
                Contract::default()
            }
            Met::NotNow(why) => {
                tracing::debug!(%url, "what is called there is checked later: {why}");
                return Found::Well;
            }
            Met::Refused(why) => return Found::Unready(why),
            Met::Away(why) => return Found::Away(why),
        };
        contract.is_playhouse = is_playhouse;
        let report = self.expected.as_ref().and_then(|expected| fit::report(expected, &contract));
        // Where nobody knows the methods here.
        if self.expected.is_none() {
            self.figures.learn(contract.names().into_iter());
        }
        self.contract.store(Some(Arc::new(contract)));
        self.stale.store(false, Ordering::Relaxed);
        report.map_or(Found::Well, Found::Mismatch)
    }

    /// Whether somebody has to ask what is offered, for the first time or again.
    pub(super) fn is_strange(&self) -> bool {
        self.contract.load().is_none() || self.stale.load(Ordering::Relaxed)
    }

    pub(super) fn trouble(&self) -> Option<Arc<str>> {
        self.trouble.load().as_deref().cloned()
    }

    /// Notes how the peer fares.
    pub(super) fn set_trouble(&self, trouble: Option<String>, away: bool) {
        self.away.store(away, Ordering::Relaxed);
        let before = self.trouble.swap(trouble.as_deref().map(|trouble| Arc::new(Arc::from(trouble))));
        match (before, trouble) {
            (None, Some(trouble)) => {
                tracing::warn!(url = %self.reach.address, "a dependency cannot be called: {trouble}")
            }
            (Some(_), None) => tracing::info!(url = %self.reach.address, "a dependency is back"),
            _ => {}
        }
    }

    /// Whether nobody answered when it was last tried.
    pub(super) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// Has what is offered there asked for again.
    pub(super) fn doubt(&self) {
        self.stale.store(true, Ordering::Relaxed);
        self.look.notify_one();
    }

    /// Counts a call until what is returned is dropped; `None` if there are too many.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Place> {
        let place = Place(Arc::clone(self));
        (self.in_flight.fetch_add(1, Ordering::Relaxed) < IN_FLIGHT_MAX).then_some(place)
    }
}

/// A call that is on its way.
pub(super) struct Place(Arc<Peer>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Remote for Way {
    fn replica(&self) -> &ReplicaId {
        &self.peer.replica
    }

    fn load(&self) -> usize {
        self.peer.in_flight.load(Ordering::Relaxed)
    }

    /// JSON until it is known who is there: both kinds of peers take it.
    fn codec(&self) -> Codec {
        let is_playhouse = self.peer.contract.load().as_ref().is_some_and(|contract| contract.is_playhouse);
        if is_playhouse { Codec::Msgpack } else { Codec::Json }
    }

    fn trouble(&self) -> Option<Arc<str>> {
        self.peer.trouble()
    }

    fn call(&self, request: RemoteRequest<'_>) -> BoxFuture<'static, CallResult<Encoded>> {
        Box::pin(Arc::clone(&self.peer).call(Leaving::of(&self.peer, request)))
    }

    fn stream(
        &self,
        request: RemoteRequest<'_>,
    ) -> BoxFuture<'static, CallResult<BoxStream<'static, CallResult<Encoded>>>> {
        Box::pin(Arc::clone(&self.peer).stream(Leaving::of(&self.peer, request)))
    }
}
