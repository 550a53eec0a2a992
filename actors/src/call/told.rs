//! Work that is done without anybody waiting for it, and without a task of its own.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};

/// A future that is polled by those who wake it: the worker that answers, or the sweeper of deadlines.
///
/// For futures that wait for events of other threads and do next to nothing then. One that wakes itself while it is
/// polled would wait for itself.
pub(super) struct Told(Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>);

impl Told {
    /// Polls the future a first time.
    pub(super) fn begin(future: impl Future<Output = ()> + Send + 'static) {
        Arc::new(Self(Mutex::new(Some(Box::pin(future))))).wake();
    }
}

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = slot.as_mut().is_some_and(|work| work.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
        if ready {
            *slot = None;
        }
    }
}
