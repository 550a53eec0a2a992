//! The first words on a connection: who is there, and whether they fit together.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use playhouse_actors::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::id::{Incarnation, NodeId};
use crate::transport::{Address, Socket};
use crate::wire::{Beside, Frame, GoAway, Hello, Malformed, Offer, PREFIX, Prefix, Reason, Role, VERSION};

/// Who this node is.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) cluster: Arc<str>,
    pub(crate) node: NodeId,
    pub(crate) incarnation: Incarnation,
    pub(crate) credentials: Bytes,
    pub(crate) body_max: u64,
    pub(crate) zone: Option<Arc<str>>,
    /// The machine that it runs on, if calls to other nodes there are to go beside the network.
    pub(crate) host: Option<String>,
    /// Where those nodes reach it; known once it listens.
    pub(crate) beside: OnceLock<Beside>,
}

/// What a connection is to be for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handshake {
    pub(crate) role: Role,
    pub(crate) association: u64,
    pub(crate) limit: Duration,
}

/// Who is on the other side.
#[derive(Clone, Debug)]
pub(crate) struct Greeted {
    pub(crate) node: NodeId,
    pub(crate) incarnation: Incarnation,
    pub(crate) role: Role,
    pub(crate) association: u64,
    pub(crate) body_max: u64,
    /// Whether it is in the zone of this node, or this one in none.
    pub(crate) is_near: bool,
    /// Where it is reached beside the network, if it is on this machine.
    pub(crate) beside: Option<Address>,
}

/// Why two nodes do not talk to each other.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("it did not answer within {0:?}")]
    Late(Duration),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Malformed(#[from] Malformed),
    #[error("it refuses: {0}")]
    Refused(String),
    #[error("{}", .0.text)]
    Unfit(GoAway),
}

impl Identity {
    /// Speaks first, and hears who is there.
    pub(crate) async fn greet(&self, socket: &mut dyn Socket, handshake: Handshake) -> Result<Greeted, HandshakeError> {
        let limit = handshake.limit;
        let greeting = async {
            self.say(socket, handshake.role, handshake.association).await?;
            let hello = hear(socket).await?;
            self.check(&hello).map_err(HandshakeError::Unfit)?;
            Ok(self.greeted(hello))
        };
        timeout(limit, greeting).await.unwrap_or(Err(HandshakeError::Late(limit)))
    }

    /// Hears who is there, and answers; a stranger is told why not.
    pub(crate) async fn welcome(&self, socket: &mut dyn Socket, limit: Duration) -> Result<Greeted, HandshakeError> {
        let welcome = async {
            let fits = match hear(socket).await {
                Ok(hello) => self.check(&hello).map(|()| hello),
                Err(HandshakeError::Malformed(malformed)) => Err(GoAway::new(Reason::Malformed, malformed.to_string())),
                Err(error) => return Err(error),
            };
            match fits {
                Ok(hello) => {
                    self.say(socket, hello.offer.role, hello.offer.association).await?;
                    Ok(self.greeted(hello))
                }
                Err(go_away) => {
                    refuse(socket, &go_away).await?;
                    Err(HandshakeError::Unfit(go_away))
                }
            }
        };
        timeout(limit, welcome).await.unwrap_or(Err(HandshakeError::Late(limit)))
    }

    fn check(&self, hello: &Hello) -> Result<(), GoAway> {
        let Offer { cluster, node, incarnation, credentials, .. } = &hello.offer;
        if hello.version().is_none() {
            let (low, high) = hello.versions;
            let text =
                format!("it speaks versions {low} to {high} of the protocol, this node speaks version {VERSION}");
            return Err(GoAway::new(Reason::Version, text));
        }
        if **cluster != *self.cluster {
            let text = format!("it belongs to the cluster `{}`, this node to `{}`", printable(cluster), self.cluster);
            return Err(GoAway::new(Reason::Cluster, text));
        }
        if *credentials != self.credentials {
            return Err(GoAway::new(Reason::Credentials, "its credentials are not those of this cluster"));
        }
        if *node == self.node.as_str() && *incarnation == self.incarnation.0 {
            return Err(GoAway::new(Reason::Myself, "it is this very node"));
        }
        Ok(())
    }

    async fn say(&self, socket: &mut dyn Socket, role: Role, association: u64) -> io::Result<()> {
        let offer = Offer {
            cluster: self.cluster.to_string(),
            node: self.node.to_string(),
            incarnation: self.incarnation.0,
            role,
            association,
            body_max: self.body_max,
            credentials: self.credentials.clone(),
            zone: self.zone.as_deref().map(Into::into),
            beside: self.beside.get().cloned(),
        };
        let mut frame = Vec::new();
        Hello::new(offer).encode(&mut frame);
        socket.write_all(&frame).await?;
        socket.flush().await
    }

    fn greeted(&self, hello: Hello) -> Greeted {
        let Offer { node, incarnation, role, association, body_max, zone, beside, .. } = hello.offer;
        let is_near = self.zone.as_deref().is_none_or(|here| zone.as_deref() == Some(here));
        let here = beside.filter(|beside| self.host.as_ref() == Some(&beside.host));
        let beside = here.map(|beside| Address::Unix(format!("@{}", beside.socket)));
        let (node, incarnation) = (NodeId::new(printable(&node)), Incarnation(incarnation));
        Greeted { node, incarnation, role, association, body_max, is_near, beside }
    }
}

/// Reads exactly one frame: what follows belongs to whoever goes on with the connection.
async fn hear(socket: &mut dyn Socket) -> Result<Hello, HandshakeError> {
    let mut head = [0; PREFIX];
    socket.read_exact(&mut head).await?;
    // A stranger's first bytes can look like any length.
    let prefix = Prefix::decode(&head).ok().flatten().ok_or(Malformed::NotOurs)?;
    let is_refusal = Frame::of(&prefix, &[]).is_ok_and(|frame| matches!(frame, Frame::GoAway(_)));
    if !is_refusal {
        Hello::expect(&prefix)?;
    }
    let mut payload = vec![0; prefix.length.min(crate::wire::HELLO_MAX)];
    socket.read_exact(&mut payload).await?;
    match Frame::of(&prefix, &payload)? {
        Frame::Hello(hello) => Ok(hello),
        Frame::GoAway(go_away) => Err(HandshakeError::Refused(go_away.text)),
        _ => Err(Malformed::NotOurs.into()),
    }
}

/// Says why not. The other side may be no node at all, and not care.
pub(crate) async fn refuse(socket: &mut dyn Socket, go_away: &GoAway) -> io::Result<()> {
    let mut frame = Vec::new();
    go_away.encode(&mut frame);
    socket.write_all(&frame).await?;
    socket.shutdown().await
}

/// A stranger's text goes into logs: it stays on one line, and short.
fn printable(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(100).collect()
}
