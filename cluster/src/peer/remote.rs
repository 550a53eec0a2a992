//! A replica on another node, as the router of this one sees it.

use std::sync::{Arc, Weak};

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use playhouse_actors::{CallResult, Codec, Encoded, Error, Offered, Remote, RemoteRequest, ReplicaId};

use super::{Peer, ReplicaLoad};
use crate::connection::{Ask, Connection, OnceCall, StreamCall};
use crate::wire::Announced;

/// A replica on another node.
pub(super) struct RemoteReplica {
    replica: ReplicaId,
    announced: Announced,
    load: Arc<ReplicaLoad>,
    is_near: bool,
    /// Weak, since the node knows its replicas: whoever keeps a route does not keep the node.
    peer: Weak<Peer>,
}

impl RemoteReplica {
    pub(super) fn new(announced: Announced, peer: &Arc<Peer>) -> Self {
        let (replica, is_near) = (ReplicaId::named(&announced.replica), peer.is_near);
        Self { replica, announced, load: Arc::default(), is_near, peer: Arc::downgrade(peer) }
    }

    pub(super) fn announced(&self) -> &Announced {
        &self.announced
    }

    pub(super) fn load_of(&self) -> &ReplicaLoad {
        &self.load
    }

    /// What is to be sent, and where.
    fn prepare(&self, request: RemoteRequest<'_>, stream: bool) -> CallResult<(Arc<Connection>, Ask)> {
        let RemoteRequest { method, body, reply, context, origin, .. } = request;
        let method = self.number(&method)?;
        let connection = self.peer.upgrade().and_then(|peer| peer.connection());
        let connection = connection.ok_or_else(|| Error::unavailable("its node is not connected"))?;
        let ask = Ask { method, body, reply, context, origin, stream, load: Arc::clone(&self.load), ticket: None };
        Ok((connection, ask))
    }

    fn number(&self, method: &str) -> CallResult<u32> {
        let Announced { service, first, methods, .. } = &self.announced;
        // A handful of names: comparing beats hashing.
        let index = methods.iter().position(|known| known.name == method);
        index.and_then(|index| first.checked_add(u32::try_from(index).ok()?)).ok_or_else(|| {
            let known: Vec<_> = methods.iter().map(|method| method.name.as_str()).collect();
            Error::malformed(format!("{service} has no method `{method}`, only {}", known.join(", ")))
        })
    }
}

impl Remote for RemoteReplica {
    fn replica(&self) -> &ReplicaId {
        &self.replica
    }

    fn load(&self) -> usize {
        self.load.messages()
    }

    fn is_open(&self) -> bool {
        self.load.is_open() && self.peer.upgrade().is_some_and(|peer| peer.is_open())
    }

    fn offers(&self, method: &str) -> Offered {
        let known = self.announced.methods.iter().find(|known| known.name == method);
        known.map_or(Offered::Nothing, |known| Offered::Method { version: known.version, idempotent: known.idempotent })
    }

    fn is_near(&self) -> bool {
        self.is_near
    }

    fn weight(&self) -> u32 {
        self.announced.weight
    }

    fn codec(&self) -> Codec {
        Codec::Split
    }

    fn call(&self, request: RemoteRequest<'_>) -> BoxFuture<'static, CallResult<Encoded>> {
        match self.prepare(request, false) {
            Ok((connection, ask)) => OnceCall::new(connection, ask).boxed(),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn stream(
        &self,
        request: RemoteRequest<'_>,
    ) -> BoxFuture<'static, CallResult<BoxStream<'static, CallResult<Encoded>>>> {
        let prepared = self.prepare(request, true);
        async {
            let (connection, ask) = prepared?;
            Ok(StreamCall::new(connection, ask).started().await?.boxed())
        }
        .boxed()
    }
}
