//! The caller's side of a service.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_util::future::join_all;

use crate::body::{Body, Codec, Encoded, Typed};
use crate::call::{self, BodyStream, Called, Destination, Types};
use crate::context::CallContext;
use crate::description::ServiceDescription;
use crate::error::{CallResult, Error};
use crate::id::ReplicaId;
use crate::message::{Message, Streaming, Unary};
use crate::router::{self, Routes, Wanted};
use crate::runtime::Shared;

/// A client of one service, wherever its replicas are. Cheap to clone.
///
/// `#[service]` on `impl Foo` makes a `FooClient` around it, with the methods of the service. This type sends messages
/// as values: they can be stored and forwarded.
///
/// A call has a deadline: the timeout of the called service, or of [`Client::with_timeout`], and never later than that
/// of the call in which it is made. Dropping a call cancels it: while it waits, and where it awaits.
#[derive(Clone)]
pub struct Client {
    routes: Arc<Routes>,
    shared: Arc<Shared>,
    timeout: Option<Duration>,
    key: Option<u64>,
}

impl Client {
    pub(crate) fn new(routes: Arc<Routes>, shared: Arc<Shared>) -> Self {
        Self { routes, shared, timeout: None, key: None }
    }

    /// What it calls by, for a client without types.
    pub(crate) fn into_parts(self) -> (Arc<Routes>, Arc<Shared>, Option<Duration>, Option<u64>) {
        (self.routes, self.shared, self.timeout, self.key)
    }

    /// The service that it calls.
    #[must_use]
    pub fn service(&self) -> &str {
        self.routes.service()
    }

    /// The replicas that it calls.
    #[must_use]
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// A client whose calls have this timeout instead of the service's own.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self.clone() }
    }

    /// A client whose calls go to the replica that this key leads to: the same one for all who use the key, as long as it
    /// is there, takes messages and has not clearly more than its share of them. For replicas that keep something for
    /// some time, such as a cache or a session: which one it is, is no promise.
    #[must_use]
    pub fn with_affinity(&self, key: impl AsRef<[u8]>) -> Self {
        Self { key: Some(router::key(key.as_ref())), ..self.clone() }
    }

    /// Sends a message and waits for its answer.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind). A call that was proved not to have begun has been tried on other replicas.
    pub async fn call<M: Unary>(&self, message: M) -> CallResult<M::Reply> {
        let context = self.context();
        let body = Body::Typed(Box::new(message));
        call::call(self.destination(), &called::<M>(self.key), body, context).await.map(value_of)
    }

    /// Sends a message and waits for the first item of its answer.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind): an error before the first item is that of the call.
    pub async fn stream<M: Streaming>(&self, message: M) -> CallResult<Items<M::Reply>> {
        let context = self.context();
        let body = Body::Typed(Box::new(message));
        let items = call::call_stream(self.destination(), &called::<M>(self.key), body, context).await?;
        Ok(Items { items, item: PhantomData })
    }

    /// Sends a message without waiting for its answer, which is dropped. The message is on its way when this returns; it
    /// has the same deadline as a call.
    ///
    /// # Errors
    /// When no replica takes it. What happens to the message later is seen in the group's statistics alone.
    pub fn tell<M: Unary>(&self, message: M) -> CallResult<()> {
        let body = Body::Typed(Box::new(message));
        call::tell(self.destination(), &called::<M>(self.key), body, self.context(), &self.shared.executor)
    }

    /// Sends a message to every replica that is known at this moment, and waits for all answers.
    pub async fn broadcast<M: Unary + Clone>(&self, message: M) -> Vec<(ReplicaId, CallResult<M::Reply>)> {
        let context = self.context();
        let routes = self.routes.all();
        let calls = routes.iter().map(|route| {
            let replica = route.replica().clone();
            let only = self.routes.only(route);
            let (body, context) = (Body::Typed(Box::new(message.clone())), context.clone());
            async move {
                let destination = Destination { routes: &only, deadlines: &self.shared.deadlines };
                let reply = call::call(destination, &called::<M>(None), body, context).await;
                (replica, reply.map(value_of))
            }
        });
        join_all(calls).await
    }

    fn context(&self) -> CallContext {
        CallContext::inherit(self.timeout.unwrap_or(self.routes.timeout()))
    }

    fn destination(&self) -> Destination<'_> {
        Destination { routes: &self.routes, deadlines: &self.shared.deadlines }
    }
}

/// A typed client: what `#[service]` on `impl Foo` makes as `FooClient`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the client of a service",
    note = "`#[service]` on `impl Foo` makes a `FooClient`"
)]
pub trait ServiceClient: From<Client> {
    /// The name of the service that it calls.
    const SERVICE: &'static str;

    /// What that service says of itself in this program: by it a service elsewhere is checked before it is called.
    fn description() -> Option<ServiceDescription> {
        None
    }
}

/// The answers to a streaming call, in order, at the pace of who reads them. Dropping it cancels the call.
pub struct Items<T> {
    items: BodyStream,
    item: PhantomData<fn() -> T>,
}

impl<T: 'static> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.as_mut().poll_next(cx).map(|item| item.map(|item| item.map(value_of)))
    }
}

/// The code of an error for an answer that is not what the method's types say: not the caller's mistake.
const UNREADABLE_ANSWER: &str = "unreadable_answer";

fn called<M: Message>(key: Option<u64>) -> Called<'static> {
    let types = Types { encode_message: encode::<M>, decode_reply: decode::<M> };
    let wanted = Wanted { method: M::METHOD, version: Some(M::VERSION), key };
    Called { wanted, types: Some(types), reply: Codec::Msgpack }
}

fn encode<M: Message>(message: &Typed, codec: Codec) -> CallResult<Encoded> {
    Encoded::encode(message.downcast_ref::<M>().expect("the message that was given"), codec)
}

fn decode<M: Message>(reply: &Encoded) -> CallResult<Typed> {
    let unreadable = |error| {
        let message = format!("the answer of {}.{} cannot be read: {error}", M::SERVICE, M::METHOD);
        Error::service(UNREADABLE_ANSWER, message)
    };
    Ok(Box::new(M::read_reply(reply).map_err(unreadable)?))
}

fn value_of<T: 'static>(body: Body) -> T {
    let Body::Typed(value) = body else { unreachable!("a typed body is answered typed") };
    *value.downcast().expect("one name of service and method has one type in a process")
}
