//! A replica in another process, as the router sees it. Implemented by whatever carries the messages.

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::body::{Codec, Encoded};
use crate::context::CallContext;
use crate::error::{CallResult, Error};
use crate::id::ReplicaId;

/// A replica in another process.
///
/// Dropping a returned future or stream cancels the call over there.
pub trait Remote: Send + Sync {
    /// Which one.
    fn replica(&self) -> &ReplicaId;

    /// How many messages are waiting or running there, as far as is known here.
    fn load(&self) -> usize;

    /// Whether it takes messages, as far as is known here. One that does not is tried last, for what it says.
    fn is_open(&self) -> bool {
        true
    }

    /// How typed messages are written for it, and their answers are asked for.
    fn codec(&self) -> Codec {
        Codec::Msgpack
    }

    /// Why it cannot be called at this moment, as far as is known here; asks nobody.
    fn trouble(&self) -> Option<Arc<str>> {
        None
    }

    /// Makes a call that is answered once.
    fn call(&self, request: RemoteRequest<'_>) -> BoxFuture<'static, Result<Encoded, Error>>;

    /// Makes a call that is answered by a stream; resolves when the first item is there.
    fn stream(
        &self,
        request: RemoteRequest<'_>,
    ) -> BoxFuture<'static, CallResult<BoxStream<'static, CallResult<Encoded>>>>;
}

/// A call as it leaves the process.
#[derive(Clone, Debug)]
pub struct RemoteRequest<'a> {
    /// The service's name.
    pub service: Cow<'a, str>,
    /// The method's name.
    pub method: Cow<'a, str>,
    /// The arguments.
    pub body: Encoded,
    /// How the answer is to be written.
    pub reply: Codec,
    /// What the call inherits.
    pub context: CallContext,
}

impl RemoteRequest<'_> {
    /// The same with names of its own, for who keeps it beyond the call of [`Remote::call`].
    #[must_use]
    pub fn into_owned(self) -> RemoteRequest<'static> {
        let Self { service, method, body, reply, context } = self;
        let (service, method) = (service.into_owned().into(), method.into_owned().into());
        RemoteRequest { service, method, body, reply, context }
    }
}
