//! A replica in another process, as the router sees it. Implemented by whatever carries the messages.

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::body::{Codec, Encoded};
use crate::context::CallContext;
use crate::error::{CallResult, Error};
use crate::id::ReplicaId;
use crate::request::Origin;

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

    /// What it says of a method.
    fn offers(&self, _method: &str) -> Offered {
        Offered::Unknown
    }

    /// Whether it is in the zone of this process, or zones are not told apart.
    fn is_near(&self) -> bool {
        true
    }

    /// How many messages it is to have, in proportion to the weights of other replicas.
    fn weight(&self) -> u32 {
        1
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

/// What a replica in another process says of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It is not known before it is called.
    Unknown,
    /// It has none by this name.
    Nothing,
    /// It has one.
    Method {
        /// `#[api(version = n)]`.
        version: u32,
        /// Whether running it twice does the same as running it once.
        idempotent: bool,
    },
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
    /// Whom it is made for.
    pub origin: Origin,
}

impl RemoteRequest<'_> {
    /// The same with names of its own, for who keeps it beyond the call of [`Remote::call`].
    #[must_use]
    pub fn into_owned(self) -> RemoteRequest<'static> {
        let Self { service, method, body, reply, context, origin } = self;
        let (service, method) = (service.into_owned().into(), method.into_owned().into());
        RemoteRequest { service, method, body, reply, context, origin }
    }
}
