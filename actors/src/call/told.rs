//! Work that is done without anybody waiting for it, and without a task of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// A future that is polled by those who wake it: the worker that answers, or the sweeper of deadlines. For futures that
/// wait for events of other threads and do next to nothing then.
#[derive(Default)]
pub(crate) struct Told {
    work: Mutex<Option<Work>>,
    /// Set by a wake that found the future being polled, perhaps by this very thread: whoever polls does so once more.
    woken: AtomicBool,
    /// Set when nobody wants the work any more: whoever polls next drops it instead.
    given_up: AtomicBool,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Told {
    /// Takes the future, and polls it a first time; drops it if it was given up before.
    pub(crate) fn begin(self: &Arc<Self>, future: impl Future<Output = ()> + Send + 'static) {
        let work: Work = Box::pin(future);
        // Nobody polls what is not there, but for a moment while it is given up.
        *self.work.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
        self.wake_by_ref();
    }

    /// Drops the future, at once unless it is being polled.
    pub(crate) fn give_up(self: &Arc<Self>) {
        self.given_up.store(true, Ordering::SeqCst);
        self.wake_by_ref();
    }

    fn poll(self: &Arc<Self>, slot: &mut Option<Work>) {
        let Some(work) = slot else { return };
        let waker = Waker::from(Arc::clone(self));
        // What it drops may be the user's, and panic: the sweeper of deadlines has to survive that.
        let pending = !self.given_up.load(Ordering::SeqCst) && {
            let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(&mut Context::from_waker(&waker))));
            matches!(polled, Ok(Poll::Pending))
        };
        if !pending {
            let done = slot.take();
            drop(catch_unwind(AssertUnwindSafe(|| drop(done))));
        }
    }
}

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        while self.woken.load(Ordering::SeqCst) {
            let Ok(mut slot) = self.work.try_lock() else { return };
            while self.woken.swap(false, Ordering::SeqCst) {
                Self::poll(self, &mut slot);
            }
        }
    }
}
