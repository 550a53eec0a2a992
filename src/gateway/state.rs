//! What the gateway answers with at this moment, shared by all its threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use super::config::GatewayConfig;
use super::figures::Figures;
use super::table::Table;

/// What the gateway answers with at this moment.
pub(super) enum Phase {
    /// The services are not ready yet.
    Starting,
    /// Calls are taken.
    Up(Table),
    /// What was accepted is finished, nothing new is accepted.
    Draining,
}

/// What all threads of the gateway share.
pub(super) struct Shared {
    pub(super) config: GatewayConfig,
    /// The service whose methods are at `/<method>`.
    pub(super) entry: String,
    pub(super) figures: Figures,
    phase: ArcSwap<Phase>,
    seats: Mutex<Vec<Arc<Seat>>>,
    /// Set when somebody waits for the last request to end.
    awaited: AtomicBool,
    ended: Notify,
}

/// One thread of the gateway. Each counts its own requests, so that threads do not contend for one counter.
pub(super) struct Seat {
    pub(super) shared: Arc<Shared>,
    /// Tells it from the others.
    pub(super) index: usize,
    requests: AtomicUsize,
}

/// A request that is being answered. Dropped when the answer is complete, or when nobody wants it any more.
pub(super) struct InFlight(Arc<Seat>);

impl Shared {
    pub(super) fn new(config: GatewayConfig, entry: String, figures: Figures) -> Arc<Self> {
        Arc::new(Self {
            config,
            entry,
            figures,
            phase: ArcSwap::from_pointee(Phase::Starting),
            seats: Mutex::default(),
            awaited: AtomicBool::new(false),
            ended: Notify::new(),
        })
    }

    pub(super) fn phase(&self) -> Arc<Phase> {
        self.phase.load_full()
    }

    pub(super) fn set_phase(&self, phase: Phase) {
        self.phase.store(Arc::new(phase));
    }

    /// Adds a thread.
    pub(super) fn seat(self: &Arc<Self>) -> Arc<Seat> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let seat = Seat { shared: Arc::clone(self), index: seats.len(), requests: AtomicUsize::new(0) };
        seats.push(Arc::new(seat));
        Arc::clone(&seats[seats.len() - 1])
    }

    /// Waits until no request is being answered.
    pub(super) async fn all_answered(&self) {
        // Set before the counters are read: whoever ends the last request after that sees it and notifies.
        self.awaited.store(true, Ordering::SeqCst);
        loop {
            let ended = self.ended.notified();
            if self.requests() == 0 {
                return;
            }
            ended.await;
        }
    }

    /// How many requests are being answered.
    pub(super) fn requests(&self) -> usize {
        let seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.iter().map(|seat| seat.requests.load(Ordering::SeqCst)).sum()
    }
}

impl Seat {
    /// Counts a request until what is returned is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> InFlight {
        self.requests.fetch_add(1, Ordering::SeqCst);
        InFlight(Arc::clone(self))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let Self(seat) = self;
        if seat.requests.fetch_sub(1, Ordering::SeqCst) == 1 && seat.shared.awaited.load(Ordering::SeqCst) {
            seat.shared.ended.notify_waiters();
        }
    }
}
