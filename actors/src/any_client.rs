//! A client that calls by names, for those who do not have the types: a gateway, a command line, another language.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::body::{Body, Codec, Encoded};
use crate::call::{self, Called, Destination};
use crate::context::CallContext;
use crate::description::ServiceDescription;
use crate::error::CallResult;
use crate::runtime::{Listed, Shared};

/// A client of one service with the types forgotten. Cheap to clone.
///
/// A body is decoded and checked here when its message goes to a replica in this process, and passed on as it is
/// otherwise.
#[derive(Clone)]
pub struct AnyClient {
    listed: Arc<Listed>,
    shared: Arc<Shared>,
    timeout: Option<Duration>,
}

impl AnyClient {
    pub(crate) fn new(listed: Arc<Listed>, shared: Arc<Shared>) -> Self {
        Self { listed, shared, timeout: None }
    }

    /// What the service says of itself, if a group of it has run here.
    #[must_use]
    pub fn description(&self) -> Option<&ServiceDescription> {
        self.listed.definition.as_deref().map(|definition| definition.description())
    }

    /// The deadline of a call that sets none.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(self.listed.routes.timeout())
    }

    /// A client whose calls have this timeout instead of the service's own.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self.clone() }
    }

    /// Calls a method that answers once; the answer is written in the codec `reply`.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn call(&self, method: &str, body: Encoded, reply: Codec) -> CallResult<Encoded> {
        let called = Called { method, types: None, reply };
        call::call(self.destination(), &called, Body::Encoded(body), self.context()).await.map(encoded)
    }

    /// Calls a method that answers by a stream; resolves when the first item is there. Dropping the stream cancels.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn stream(
        &self,
        method: &str,
        body: Encoded,
        reply: Codec,
    ) -> CallResult<BoxStream<'static, CallResult<Encoded>>> {
        let called = Called { method, types: None, reply };
        let items = call::call_stream(self.destination(), &called, Body::Encoded(body), self.context()).await?;
        Ok(items.map(|item| item.map(encoded)).boxed())
    }

    fn context(&self) -> CallContext {
        CallContext::inherit(self.timeout())
    }

    fn destination(&self) -> Destination<'_> {
        Destination { routes: &self.listed.routes, deadlines: &self.shared.deadlines }
    }
}

fn encoded(body: Body) -> Encoded {
    match body {
        Body::Encoded(encoded) => encoded,
        Body::Typed(_) => unreachable!("an encoded body is answered encoded"),
    }
}
