//! What a call inherits from the call that it is made in.

use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;

use tokio::time::Instant;

use crate::deadline::{after, never};
use crate::trace::TraceContext;

/// The part of a call that its own calls inherit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// When the call was made.
    pub began: Instant,
    /// The moment after which nobody wants the answer.
    pub deadline: Instant,
    /// The trace that it belongs to, if it belongs to one.
    pub trace: Option<TraceContext>,
    /// How many replicas were tried with it before. Its own calls do not inherit that.
    pub attempt: u8,
}

thread_local! {
    static CURRENT: RefCell<Option<CallContext>> = const { RefCell::new(None) };
}

impl CallContext {
    /// The context of work that is no call: calls that it makes belong to its trace, and have their own timeouts.
    #[must_use]
    pub fn of_trace(trace: TraceContext) -> Self {
        let began = Instant::now();
        Self { began, deadline: never(began), trace: Some(trace), attempt: 0 }
    }

    /// The context of the method that runs on this thread at this moment, if one does.
    ///
    /// It is set while a method is polled. A task that a method spawns does not have it: its calls begin anew, with
    /// the timeout of the service that they call.
    pub fn current() -> Option<CallContext> {
        // A destructor may ask when its thread has nearly ended.
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// The context of a call that has this timeout of its own: never beyond the deadline of the call it is made in.
    pub(crate) fn inherit(timeout: Duration) -> Self {
        let began = Instant::now();
        let own = after(began, timeout);
        match Self::current() {
            Some(current) => Self { began, deadline: current.deadline.min(own), trace: current.trace, attempt: 0 },
            None => Self { began, deadline: own, trace: None, attempt: 0 },
        }
    }

    /// Runs `work` with this context as the current one.
    pub(crate) fn enter<T>(self, work: impl FnOnce() -> T) -> T {
        let _restore = Restore(CURRENT.replace(Some(self)));
        work()
    }

    /// Polls `future` with this context as the current one.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| self.clone().enter(|| future.as_mut().poll(cx))).await
    }
}

/// Puts the outer context back, also when `work` panics: otherwise the next message would inherit a stranger's deadline.
struct Restore(Option<CallContext>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn contexts_nest_and_a_panic_restores_the_outer_one() {
        let began = Instant::now();
        let outer = CallContext { began, deadline: began, trace: None, attempt: 0 };
        let deadline = outer.deadline + std::time::Duration::from_secs(1);
        let inner = CallContext { began, deadline, trace: Some(TraceContext::start(true)), attempt: 0 };
        outer.clone().enter(|| {
            let panicked = std::panic::catch_unwind(|| inner.enter(|| panic!("inside")));
            assert!(panicked.is_err());
            assert_eq!(CallContext::current(), Some(outer));
        });
        assert_eq!(CallContext::current(), None);
    }

    #[tokio::test]
    async fn what_is_made_in_a_trace_belongs_to_it() {
        let trace = TraceContext::start(true);
        let timeout = Duration::from_secs(5);
        let made = CallContext::of_trace(trace.clone()).scope(async {
            tokio::task::yield_now().await;
            CallContext::inherit(timeout)
        });
        let made = made.await;
        assert_eq!((made.trace, made.deadline), (Some(trace), made.began + timeout));
        assert_eq!(CallContext::inherit(timeout).trace, None);
    }
}
