//! What a call inherits from the call that it is made in.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use crate::deadline::after;

/// The part of a call that its own calls inherit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// When the call was made.
    pub began: Instant,
    /// The moment after which nobody wants the answer.
    pub deadline: Instant,
}

thread_local! {
    static CURRENT: Cell<Option<CallContext>> = const { Cell::new(None) };
}

impl CallContext {
    /// The context of the method that runs on this thread at this moment, if one does.
    ///
    /// It is set while a method is polled. A task that a method spawns does not have it: its calls begin anew, with
    /// the timeout of the service that they call.
    pub fn current() -> Option<CallContext> {
        CURRENT.get()
    }

    /// The context of a call that has this timeout of its own: never beyond the deadline of the call it is made in.
    pub(crate) fn inherit(timeout: Duration) -> Self {
        let began = Instant::now();
        let own = after(began, timeout);
        Self { began, deadline: Self::current().map_or(own, |current| current.deadline.min(own)) }
    }

    /// Runs `work` with this context as the current one.
    pub(crate) fn enter<T>(self, work: impl FnOnce() -> T) -> T {
        let _restore = Restore(CURRENT.replace(Some(self)));
        work()
    }
}

/// Puts the outer context back, also when `work` panics: otherwise the next message would inherit a stranger's deadline.
struct Restore(Option<CallContext>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn contexts_nest_and_a_panic_restores_the_outer_one() {
        let began = Instant::now();
        let outer = CallContext { began, deadline: began };
        let inner = CallContext { began, deadline: outer.deadline + std::time::Duration::from_secs(1) };
        outer.enter(|| {
            let panicked = std::panic::catch_unwind(|| inner.enter(|| panic!("inside")));
            assert!(panicked.is_err());
            assert_eq!(CallContext::current(), Some(outer));
        });
        assert_eq!(CallContext::current(), None);
    }
}
