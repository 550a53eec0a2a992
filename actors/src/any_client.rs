//! A client that calls by names, for those who do not have the types: a gateway, a command line, another language.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::Value;

use crate::body::{Body, Codec, Encoded};
use crate::call::{self, Called, Destination};
use crate::client::Client;
use crate::context::CallContext;
use crate::definition::Definition;
use crate::description::ServiceDescription;
use crate::error::CallResult;
use crate::router::{self, Routes, Wanted};
use crate::runtime::{Listed, Shared};

/// A client of one service with the types forgotten. Cheap to clone.
///
/// A body is decoded and checked here when its message goes to a replica in this process, and passed on as it is
/// otherwise. The service may be one of this program, or be bound to a URL:
///
/// ```
/// # use playhouse_actors::{AnyClient, CallResult};
/// # use serde_json::json;
/// # async fn f(client: AnyClient) -> CallResult<()> {
/// let species = client.call_json("classify", json!({ "input_series": [[5.1, 3.5, 1.4, 0.2]] })).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AnyClient {
    routes: Arc<Routes>,
    definition: Option<Arc<Definition>>,
    shared: Arc<Shared>,
    timeout: Option<Duration>,
    key: Option<u64>,
}

impl AnyClient {
    pub(crate) fn new(listed: &Listed, shared: Arc<Shared>) -> Self {
        Self {
            routes: Arc::clone(&listed.routes),
            definition: listed.definition.clone(),
            shared,
            timeout: None,
            key: None,
        }
    }

    /// A client without types of whatever another one calls.
    pub(crate) fn of(client: Client) -> Self {
        let (routes, shared, timeout, key) = client.into_parts();
        Self { routes, definition: None, shared, timeout, key }
    }

    /// What the service says of itself, if a group of it has run here.
    #[must_use]
    pub fn description(&self) -> Option<&ServiceDescription> {
        self.definition.as_deref().map(|definition| definition.description())
    }

    /// The deadline of a call that sets none.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(self.routes.timeout())
    }

    /// A client whose calls have this timeout instead of the service's own.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self.clone() }
    }

    /// A client whose calls go to the replica that this key leads to: see [`Client::with_affinity`].
    #[must_use]
    pub fn with_affinity(&self, key: impl AsRef<[u8]>) -> Self {
        Self { key: Some(router::key(key.as_ref())), ..self.clone() }
    }

    /// Calls a method that answers once: `arguments` is an object with a value for each. Tensors are nested lists.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn call_json(&self, method: &str, arguments: Value) -> CallResult<Value> {
        let body = Encoded::encode(&arguments, Codec::Json)?;
        self.call(method, body, Codec::Json).await?.decode()
    }

    /// Calls a method that answers by a stream; resolves when the first item is there. Dropping the stream cancels.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn stream_json(
        &self,
        method: &str,
        arguments: Value,
    ) -> CallResult<BoxStream<'static, CallResult<Value>>> {
        let body = Encoded::encode(&arguments, Codec::Json)?;
        let items = self.stream(method, body, Codec::Json).await?;
        Ok(items.map(|item| item.and_then(|item| item.decode())).boxed())
    }

    /// Calls a method that answers once; the answer is written in the codec `reply`.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn call(&self, method: &str, body: Encoded, reply: Codec) -> CallResult<Encoded> {
        let called = self.called(method, reply);
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
        let called = self.called(method, reply);
        let items = call::call_stream(self.destination(), &called, Body::Encoded(body), self.context()).await?;
        Ok(items.map(|item| item.map(encoded)).boxed())
    }

    /// Checks a body as a call would before it is sent, where a group of the service has run here; a body for one that
    /// runs elsewhere is not looked at.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected), as a call would answer.
    pub fn check(&self, method: &str, body: &Encoded) -> CallResult<()> {
        let Some(definition) = &self.definition else { return Ok(()) };
        let method = &definition.methods[definition.method(method)?];
        (method.admit)(&(method.decode)(body)?).map(drop)
    }

    /// Whichever version there is.
    fn called<'a>(&self, method: &'a str, reply: Codec) -> Called<'a> {
        Called { wanted: Wanted { method, version: None, key: self.key }, types: None, reply }
    }

    fn context(&self) -> CallContext {
        CallContext::inherit(self.timeout())
    }

    fn destination(&self) -> Destination<'_> {
        Destination { routes: &self.routes, deadlines: &self.shared.deadlines }
    }
}

fn encoded(body: Body) -> Encoded {
    match body {
        Body::Encoded(encoded) => encoded,
        Body::Typed(_) => unreachable!("an encoded body is answered encoded"),
    }
}
