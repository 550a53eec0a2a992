//! The end of a wait, by an answer or by the deadline.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;

use crate::deadline::{Deadlines, Registration};
use crate::error::{CallResult, ErrorKind};

/// Waits for `future`, but not beyond `deadline`.
pub(super) async fn within<T>(
    deadlines: &Arc<Deadlines>,
    deadline: Instant,
    future: impl Future<Output = CallResult<T>>,
) -> CallResult<T> {
    let mut future = std::pin::pin!(future);
    let mut limit = Limit::new(deadlines, deadline);
    poll_fn(|cx| limit.poll(future.as_mut().poll(cx), cx)).await.and_then(|result| result)
}

/// The end of a wait. Nothing is registered for what is ready at once.
pub(super) struct Limit<'a> {
    deadlines: &'a Arc<Deadlines>,
    deadline: Instant,
    registration: Option<Registration>,
}

impl<'a> Limit<'a> {
    pub(super) fn new(deadlines: &'a Arc<Deadlines>, deadline: Instant) -> Self {
        Self { deadlines, deadline, registration: None }
    }

    /// Turns "not yet" into an error once the deadline has passed.
    pub(super) fn poll<T>(&mut self, polled: Poll<T>, cx: &mut Context<'_>) -> Poll<CallResult<T>> {
        if let Poll::Ready(ready) = polled {
            return Poll::Ready(Ok(ready));
        }
        let Some(registration) = &self.registration else {
            self.registration = Some(self.deadlines.register(self.deadline, cx.waker()));
            return Poll::Pending;
        };
        if Instant::now() >= self.deadline {
            return Poll::Ready(Err(ErrorKind::DeadlineExceeded.into()));
        }
        registration.set_waker(cx.waker());
        Poll::Pending
    }
}
