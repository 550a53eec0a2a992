//! Lending a caller's turn to the worker that it calls.
//!
//! Where both are on one thread and the worker has nothing to do, waking it would mean: the caller's task ends its turn,
//! the worker's task has one, and the caller's another. A caller that polls the worker itself saves all of them, and a
//! method that does not await has answered before its caller looks for the answer. What a method finds around it (its
//! context, the watch, the guard against panics) is set by the worker, whoever polls it.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use slab::Slab;

use crate::group::envelope::Envelope;
use crate::group::pump::{Pump, PumpEnd};

/// How many calls are made within one another before a worker is woken instead: each takes room on the stack.
const DEPTH_MAX: u32 = 4;

/// The workers of one thread to which a turn can be lent.
struct Workers {
    pumps: RefCell<Slab<Weak<RefCell<Pump>>>>,
    depth: Cell<u32>,
}

thread_local! {
    static WORKERS: Workers = const { Workers { pumps: RefCell::new(Slab::new()), depth: Cell::new(0) } };
}

/// Names a worker of this thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn(usize);

/// A pump that its own task polls, and callers on its thread.
pub(crate) struct SharedPump {
    turn: Turn,
    pump: Rc<RefCell<Pump>>,
}

impl SharedPump {
    /// Makes a pump that has to know by which name it can be lent a turn.
    pub(crate) fn new(pump: Pump) -> Self {
        let pump = Rc::new(RefCell::new(pump));
        let turn = WORKERS.with(|workers| Turn(workers.pumps.borrow_mut().insert(Rc::downgrade(&pump))));
        Self { turn, pump }
    }

    /// The name by which it can be lent a turn.
    pub(crate) fn turn(&self) -> Turn {
        self.turn
    }
}

impl Future for SharedPump {
    type Output = PumpEnd;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<PumpEnd> {
        // Not lent at this moment: a caller that has lent its turn does not return to its arbiter before that has ended.
        self.pump.borrow_mut().poll_turn(cx)
    }
}

impl Drop for SharedPump {
    fn drop(&mut self) {
        // The thread may have nearly ended, and its workers with it.
        let _ = WORKERS.try_with(|workers| workers.pumps.borrow_mut().try_remove(self.turn.0));
    }
}

/// Has the worker begin a message at once, as its task would when it is woken. `waker` is that of the task.
///
/// # Errors
/// The message, if the worker is gone or ending, is itself among those that are calling, or too many are.
#[allow(clippy::result_large_err, reason = "a message that is not taken goes back by value: it is on the stack anyway")]
pub(crate) fn lend(turn: Turn, waker: &Waker, envelope: Envelope) -> Result<(), Envelope> {
    // Its thread has nearly ended if it has no table.
    let Ok(Some(pump)) = WORKERS.try_with(|workers| workers.pump(turn)) else { return Err(envelope) };
    let Some(_deeper) = Deeper::enter() else { return Err(envelope) };
    let Ok(mut pump) = pump.try_borrow_mut() else { return Err(envelope) };
    pump.lent_turn(envelope, &mut Context::from_waker(waker))
}

/// One more call within a call. Given back also when a destructor of the user's panics.
struct Deeper;

impl Deeper {
    fn enter() -> Option<Self> {
        let depth = WORKERS.with(|workers| workers.depth.get());
        (depth < DEPTH_MAX).then(|| {
            WORKERS.with(|workers| workers.depth.set(depth + 1));
            Self
        })
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        WORKERS.with(|workers| workers.depth.set(workers.depth.get() - 1));
    }
}

impl Workers {
    /// Found, and let go of the table, before the worker runs: it may call others.
    fn pump(&self, turn: Turn) -> Option<Rc<RefCell<Pump>>> {
        self.pumps.borrow().get(turn.0).and_then(Weak::upgrade)
    }
}
