//! The request in which this thread works at this moment.

use std::cell::Cell;
use std::sync::Arc;

use super::{Caller, Exchange};

/// The names of a service and its method.
pub(crate) type MethodName = (&'static str, &'static str);

struct Current {
    exchange: Cell<Option<Arc<Exchange>>>,
    /// The method that runs; `None` where a request has come in and no method of ours has it yet.
    method: Cell<Option<MethodName>>,
}

thread_local! {
    static CURRENT: Current = const { Current { exchange: Cell::new(None), method: Cell::new(None) } };
}

/// Runs `work` within an exchange and, if one runs, a method. The exchange is lent for the time, without a count.
pub(crate) fn within<T>(
    exchange: &mut Option<Arc<Exchange>>,
    method: Option<MethodName>,
    work: impl FnOnce() -> T,
) -> T {
    let mut lent = Lent { exchange, method };
    lent.swap();
    let _give_back = lent;
    work()
}

/// The exchange of this moment.
pub(super) fn current() -> Option<Arc<Exchange>> {
    CURRENT.with(|current| peek(&current.exchange))
}

/// The method that runs at this moment.
pub(super) fn method() -> Option<MethodName> {
    CURRENT.with(|current| current.method.get())
}

/// What a call that is made now takes with it. One that is made by a method does not see the headers of the request that
/// the method serves, only its id; and where its own method wants to know, who calls.
pub(crate) fn inherited(wanted: bool) -> Option<Arc<Exchange>> {
    CURRENT.with(|current| {
        let exchange = peek(&current.exchange);
        let Some((service, method)) = current.method.get() else { return exchange };
        // Timed is the outer call; the inner one must not write over that.
        if !wanted && exchange.as_ref().is_none_or(|exchange| exchange.timing.is_none()) {
            return exchange;
        }
        let id = exchange.map(|exchange| exchange.head.id.clone()).unwrap_or_default();
        Some(Arc::new(Exchange::within(id, Caller { service: service.into(), method: method.into() })))
    })
}

fn peek(cell: &Cell<Option<Arc<Exchange>>>) -> Option<Arc<Exchange>> {
    let exchange = cell.take();
    cell.set(exchange.clone());
    exchange
}

/// Takes what it lent back, also when the work panics: the next message must not find a stranger's request.
struct Lent<'a> {
    exchange: &'a mut Option<Arc<Exchange>>,
    method: Option<MethodName>,
}

impl Lent<'_> {
    fn swap(&mut self) {
        CURRENT.with(|current| {
            *self.exchange = current.exchange.replace(self.exchange.take());
            self.method = current.method.replace(self.method);
        });
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.swap();
    }
}
