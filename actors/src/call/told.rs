//! Work that is done without anybody waiting for it, and without a task of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// A future that is polled by those who wake it: the worker that answers, or the sweeper of deadlines. For futures that
/// wait for events of other threads and do next to nothing then.
pub(super) struct Told {
    work: Mutex<Option<Work>>,
    /// Set by a wake that found the future being polled, perhaps by this very thread: whoever polls does so once more.
    woken: AtomicBool,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Told {
    /// Polls the future a first time.
    pub(super) fn begin(future: impl Future<Output = ()> + Send + 'static) {
        let work: Work = Box::pin(future);
        Arc::new(Self { work: Mutex::new(Some(work)), woken: AtomicBool::new(false) }).wake();
    }

    fn poll(self: &Arc<Self>, slot: &mut Option<Work>) {
        let Some(work) = slot else { return };
        let waker = Waker::from(Arc::clone(self));
        // What it drops may be the user's, and panic: the sweeper of deadlines has to survive that.
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(&mut Context::from_waker(&waker))));
        if !matches!(polled, Ok(Poll::Pending)) {
            let done = slot.take();
            drop(catch_unwind(AssertUnwindSafe(|| drop(done))));
        }
    }
}

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        while self.woken.load(Ordering::SeqCst) {
            let Ok(mut slot) = self.work.try_lock() else { return };
            while self.woken.swap(false, Ordering::SeqCst) {
                self.poll(&mut slot);
            }
        }
    }
}
