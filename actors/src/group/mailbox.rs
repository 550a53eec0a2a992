//! The bounded queue in front of a group. It belongs to the group and survives any worker.
//!
//! Workers pull: a message is bound to a worker only when that worker has a free slot, so a slow worker never holds what
//! another could run. Waking a thread costs as much as a loopback RPC, so a message goes to the worker on its own arbiter,
//! which gets its caller's turn; one elsewhere is woken only if there is none here, or when what waits has waited longer
//! than such a wake-up takes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use crate::batch::Decision;
use crate::executor::PlaceId;
use crate::group::envelope::Envelope;
use crate::group::lane::Lane;
use crate::group::turn::{self, Turn};

/// What it costs to wake an idle thread: 50 to 64 us were measured.
const CROSSING: Duration = Duration::from_micros(50);

/// The messages that wait for a group's workers, and the workers that wait for messages.
pub(crate) struct Mailbox {
    state: Mutex<State>,
}

struct State {
    phase: Phase,
    lanes: Vec<Lane>,
    seats: Vec<Seat>,
    next_number: u64,
}

/// Where the worker with some index sits, whichever generation of it.
#[derive(Default)]
struct Seat {
    generation: u32,
    place: Option<PlaceId>,
    /// By which callers there can lend it their turn.
    turn: Option<Turn>,
    /// Set while the worker has a free slot and found nothing to pull.
    idle: Option<Waker>,
    /// The lanes that it does not pull from at the moment.
    busy: Lanes,
    /// Whether it has no free slot, and so will not look before something has ended.
    full: bool,
}

/// A set of lanes. Beyond 64 batch methods, some share a place in it and take turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lanes(u64);

impl Lanes {
    fn only(lane: usize) -> Self {
        Self(1 << (lane % 64))
    }

    pub(crate) fn set(&mut self, lane: Option<usize>, to: bool) {
        match lane.map(Self::only) {
            Some(Self(bit)) if to => self.0 |= bit,
            Some(Self(bit)) => self.0 &= !bit,
            None => {}
        }
    }

    fn contains(self, lane: usize) -> bool {
        self.0 & Self::only(lane).0 != 0
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Whether the mailbox takes messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    /// Finishes what it has, accepts nothing new.
    Draining,
    /// No worker can be had, for this reason.
    Failed(String),
    /// Drained: workers end when they pull.
    Closed,
}

/// Names a message that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    lane: usize,
    number: u64,
}

/// Which worker pulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeatId {
    pub(crate) index: usize,
    pub(crate) generation: u32,
}

/// What a worker gets.
pub(crate) enum Pull {
    One(Envelope),
    Batch {
        lane: usize,
        messages: Vec<Envelope>,
    },
    /// Nothing yet: the worker will be woken, and has to come back by itself at the given time.
    Nothing {
        until: Option<Instant>,
    },
    /// Another worker has this one's place.
    Replaced,
    /// The group is drained.
    Closed,
}

impl Mailbox {
    pub(crate) fn new(lanes: Vec<Lane>, seats: usize) -> Self {
        let seats = (0..seats).map(|_| Seat::default()).collect();
        Self { state: Mutex::new(State { phase: Phase::Open, lanes, seats, next_number: 0 }) }
    }

    /// Queues a message and has a worker look for it: a worker on this thread may have run it when this returns.
    ///
    /// # Errors
    /// The message itself, with the phase that keeps it out.
    #[allow(
        clippy::result_large_err,
        reason = "a message that is refused goes back by value: it is on the stack anyway"
    )]
    pub(crate) fn push(&self, lane: usize, envelope: Envelope) -> Result<Ticket, (Envelope, Phase)> {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Err((envelope, state.phase.clone()));
        }
        let here = PlaceId::current();
        let Some((waker, turn)) = state.lend(lane, here) else {
            let now = envelope.context.began;
            let number = state.queue(lane, envelope);
            let wake = state.choose(lane, here, now);
            drop(state);
            wake_up(wake);
            return Ok(Ticket { lane, number });
        };
        // For a message that is never queued: there is nothing to withdraw.
        let number = state.number();
        drop(state);
        let Err(envelope) = turn::lend(turn, &waker, envelope) else { return Ok(Ticket { lane, number }) };
        let mut state = self.lock();
        // It may have failed or closed meanwhile, which hands out what waits, once.
        if matches!(state.phase, Phase::Failed(_) | Phase::Closed) {
            return Err((envelope, state.phase.clone()));
        }
        let number = state.queue(lane, envelope);
        drop(state);
        waker.wake();
        Ok(Ticket { lane, number })
    }

    /// Takes out a message that its caller no longer wants; `None` if it has left the queue already.
    pub(crate) fn withdraw(&self, ticket: Ticket) -> Option<Envelope> {
        self.lock().lanes[ticket.lane].withdraw(ticket.number)
    }

    /// Notes that a worker has no free slot but for a message that it did not pull.
    pub(crate) fn full(&self, seat: SeatId) {
        let mut state = self.lock();
        if state.seats[seat.index].generation == seat.generation {
            state.seats[seat.index].full = true;
        }
    }

    /// Gives a worker what it should run next, from other lanes than those it is `busy` with. `last_slot`: it will not
    /// pull again until something has ended.
    pub(crate) fn pull(&self, seat: SeatId, last_slot: bool, busy: Lanes, waker: &Waker) -> Pull {
        let mut state = self.lock();
        if state.seats[seat.index].generation != seat.generation {
            return Pull::Replaced;
        }
        let (ready, until) = state.next_ready(busy);
        let Some((lane, count)) = ready else {
            if state.phase == Phase::Closed {
                return Pull::Closed;
            }
            let seat = &mut state.seats[seat.index];
            (seat.idle, seat.busy, seat.full) = (Some(waker.clone()), busy, false);
            return Pull::Nothing { until };
        };
        let seat = &mut state.seats[seat.index];
        (seat.idle, seat.full) = (None, last_slot);
        let pulled = state.take(lane, count);
        // What this worker leaves behind, it must not keep from the others.
        let wake = if last_slot { state.any_idle() } else { None };
        drop(state);
        wake_up(wake);
        pulled
    }

    /// Records how long a batch of a lane ran.
    pub(crate) fn batch_ran(&self, lane: usize, run_time: Duration) {
        self.lock().lanes[lane].batch_ran(run_time);
    }

    /// Gives a seat to a new worker; one of an earlier generation ends when it next pulls.
    pub(crate) fn reseat(&self, index: usize) -> SeatId {
        let mut state = self.lock();
        let seat = &mut state.seats[index];
        seat.generation += 1;
        let generation = seat.generation;
        let wakers = state.leave(index);
        drop(state);
        wakers.into_iter().for_each(wake_up);
        SeatId { index, generation }
    }

    /// Records where a worker sits, once it is ready to pull, and how it can be lent a turn there.
    pub(crate) fn arrive(&self, seat: SeatId, turn: Turn) {
        let mut state = self.lock();
        let known = &mut state.seats[seat.index];
        if known.generation == seat.generation {
            (known.place, known.turn) = (PlaceId::current(), Some(turn));
        }
    }

    /// Empties the seat of a worker that has ended.
    pub(crate) fn vacate(&self, seat: SeatId) {
        let mut state = self.lock();
        if state.seats[seat.index].generation != seat.generation {
            return;
        }
        let wakers = state.leave(seat.index);
        drop(state);
        wakers.into_iter().for_each(wake_up);
    }

    /// Takes messages again after a failure. False if it had not failed, or is going.
    pub(crate) fn reopen(&self) -> bool {
        let mut state = self.lock();
        let failed = matches!(state.phase, Phase::Failed(_));
        if failed {
            state.phase = Phase::Open;
        }
        failed
    }

    /// Takes no more messages, and finishes those that it has.
    pub(crate) fn drain(&self) {
        let mut state = self.lock();
        if state.phase != Phase::Closed {
            state.phase = Phase::Draining;
        }
    }

    /// Whether it has been drained, or is about to be.
    pub(crate) fn is_going(&self) -> bool {
        matches!(self.lock().phase, Phase::Draining | Phase::Closed)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    /// Takes no more messages because there are no workers, and hands out those that wait.
    pub(crate) fn fail(&self, reason: String) -> Vec<Envelope> {
        let mut state = self.lock();
        // A group that is going stays so, even if its workers come back.
        if state.phase == Phase::Open {
            state.phase = Phase::Failed(reason);
        }
        state.lanes.iter_mut().flat_map(Lane::take_all).collect()
    }

    /// Ends the workers once they have nothing to do, and hands out what waits.
    pub(crate) fn close(&self) -> Vec<Envelope> {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        let orphans = state.lanes.iter_mut().flat_map(Lane::take_all).collect();
        let idle: Vec<Waker> = state.seats.iter_mut().filter_map(|seat| seat.idle.take()).collect();
        drop(state);
        idle.into_iter().for_each(Waker::wake);
        orphans
    }

    pub(crate) fn phase(&self) -> Phase {
        self.lock().phase.clone()
    }

    /// How many messages wait.
    pub(crate) fn depth(&self) -> usize {
        self.lock().depth()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No user code runs under the lock; a panic in ours would leave the queue itself whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn depth(&self) -> usize {
        self.lanes.iter().map(Lane::len).sum()
    }

    /// Empties a seat. Its worker may have been woken for a message and never come: somebody else has to.
    fn leave(&mut self, index: usize) -> [Option<Waker>; 2] {
        let seat = &mut self.seats[index];
        (seat.place, seat.turn, seat.full) = (None, None, false);
        let before = seat.idle.take();
        [before, self.any_idle()]
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number - 1
    }

    fn queue(&mut self, lane: usize, envelope: Envelope) -> u64 {
        let number = self.number();
        self.lanes[lane].push(number, envelope);
        number
    }

    /// The worker at `here` that can run a message of this lane at once, without that it is queued: it has nothing to do,
    /// and nothing waits. A batch is what comes before its worker has a turn of its own.
    fn lend(&mut self, lane: usize, here: Option<PlaceId>) -> Option<(Waker, Turn)> {
        let here = here?;
        if self.lanes[lane].is_batch() || self.lanes.iter().any(|lane| lane.len() > 0) {
            return None;
        }
        let seat = self.seats.iter_mut().find(|seat| seat.place == Some(here) && seat.idle.is_some())?;
        let turn = seat.turn?;
        seat.idle.take().map(|waker| (waker, turn))
    }

    /// The worker to wake for a message that has just been queued at `here`.
    fn choose(&mut self, lane: usize, here: Option<PlaceId>, now: Instant) -> Option<Waker> {
        let mut awake_here = false;
        for seat in self.seats.iter_mut().filter(|seat| here.is_some() && seat.place == here) {
            if seat.idle.is_some() && !seat.busy.contains(lane) {
                return seat.idle.take();
            }
            awake_here |= seat.idle.is_none() && !seat.full;
        }
        if awake_here && !self.has_waited_long(now) {
            return None;
        }
        self.idle_for(Lanes::only(lane))
    }

    fn has_waited_long(&self, now: Instant) -> bool {
        self.lanes.iter().filter_map(Lane::oldest).any(|(_, arrived)| now.duration_since(arrived) > CROSSING)
    }

    /// A worker that could pull something of what waits.
    fn any_idle(&mut self) -> Option<Waker> {
        let mut waiting = Lanes::default();
        for (index, _) in self.lanes.iter().enumerate().filter(|(_, lane)| lane.len() > 0) {
            waiting.set(Some(index), true);
        }
        self.idle_for(waiting)
    }

    /// A worker that could pull from one of these lanes.
    fn idle_for(&mut self, lanes: Lanes) -> Option<Waker> {
        let fits = |seat: &&mut Seat| seat.idle.is_some() && !lanes.without(seat.busy).is_empty();
        self.seats.iter_mut().find(fits)?.idle.take()
    }

    /// The lane that can run and has waited longest, with how many of its messages; else when to look again.
    fn next_ready(&self, busy: Lanes) -> (Option<(usize, usize)>, Option<Instant>) {
        let mut ready: Option<(u64, usize, usize)> = None;
        let mut until: Option<Instant> = None;
        for (index, lane) in self.lanes.iter().enumerate().filter(|(index, _)| !busy.contains(*index)) {
            let Some((number, _)) = lane.oldest() else { continue };
            match lane.decide() {
                Decision::Take(count) if ready.is_none_or(|(oldest, ..)| number < oldest) => {
                    ready = Some((number, index, count));
                }
                Decision::WaitUntil(due) => until = Some(until.map_or(due, |until| until.min(due))),
                Decision::Take(_) | Decision::Empty => {}
            }
        }
        (ready.map(|(_, lane, count)| (lane, count)), until)
    }

    fn take(&mut self, lane: usize, count: usize) -> Pull {
        let queue = &mut self.lanes[lane];
        if queue.is_batch() {
            return Pull::Batch { lane, messages: queue.take_batch(count) };
        }
        Pull::One(queue.take_one().expect("the lane was found ready under the same lock"))
    }
}

/// Outside the lock: waking another thread is a system call.
fn wake_up(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
