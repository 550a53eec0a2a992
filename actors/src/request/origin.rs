//! Whom a call is made for, as it crosses to another process.

use std::sync::Arc;

use super::{Caller, Exchange, RequestHead, current};

/// Whom a call is made for, as it crosses to another process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The method that makes the call; `None` if a program or a gateway does.
    pub caller: Option<Caller>,
    /// The id of the request that it is made for.
    pub request_id: Option<Box<str>>,
    /// The node that it came from; `None` on the way there.
    pub node: Option<Arc<str>>,
}

impl Origin {
    /// That of a call which is made now.
    pub(crate) fn current() -> Self {
        let (exchange, method) = (current::current(), current::method());
        let request_id = exchange.map(|exchange| exchange.head.id.clone()).filter(|id| !id.is_empty());
        let caller = method.map(|(service, method)| Caller { service: service.into(), method: method.into() });
        Self { caller, request_id, node: None }
    }

    /// What a method can know of it; `None` if neither the method wants to nor another one could.
    pub(crate) fn exchange(self, wanted: bool) -> Option<Arc<Exchange>> {
        let Self { caller, request_id, node } = self;
        if !wanted && request_id.is_none() {
            return None;
        }
        let head = RequestHead { id: request_id.unwrap_or_default(), ..RequestHead::default() };
        Some(Arc::new(Exchange { head, caller, node, ..Exchange::default() }))
    }
}
