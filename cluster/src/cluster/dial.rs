//! Dials the nodes that are known, again and again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::{Shared, until_gone};
use crate::discovery::Change;
use crate::peer::{Association, Backoff, Control, Ended, Greeted, Handshake, HandshakeError, Interest};
use crate::transport::{Address, Socket};
use crate::watch;
use crate::wire::Role;

/// How long the last answers of a node that goes may take.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

impl Shared {
    /// Dials whomever there is, as discovery tells it.
    pub(super) async fn find(self: Arc<Self>, peers: Vec<Address>, mut wanted: watch::Receiver<Interest>) {
        let mut changes = self.config.discovery.watch();
        let mut dialling = BTreeMap::new();
        for address in peers {
            self.begin(&mut dialling, address, &wanted);
        }
        loop {
            tokio::select! {
                biased;
                () = until_gone(&mut wanted) => return,
                change = changes.next() => match change {
                    Some(Change::Added(address)) => self.begin(&mut dialling, address, &wanted),
                    Some(Change::Removed(address)) => drop(dialling.remove(&address)),
                    None => return until_gone(&mut wanted).await,
                },
            }
        }
    }

    fn begin(
        self: &Arc<Self>,
        dialling: &mut BTreeMap<Address, Dialling>,
        address: Address,
        wanted: &watch::Receiver<Interest>,
    ) {
        if !address.is_local() && !self.config.insecure {
            return self.members.complain(&address.to_string(), "it can be reached by other machines, see --insecure");
        }
        let (stop, stopped) = watch::channel(());
        let (shared, to, wanted) = (Arc::clone(self), address.clone(), wanted.clone());
        self.runtime.executor().spawn_control(async move {
            shared.dial(&to, stopped, &wanted).await;
            shared.members.undialled(&to);
        });
        dialling.insert(address, Dialling { _stop: stop });
    }

    /// Dials one address until nobody wants that any more.
    async fn dial(
        self: &Arc<Self>,
        address: &Address,
        mut stopped: watch::Receiver<()>,
        wanted: &watch::Receiver<Interest>,
    ) {
        let (min, max) = self.config.redial;
        let mut backoff = Backoff::new(min, max);
        let mut gone = wanted.clone();
        loop {
            let began = Instant::now();
            let number = fastrand::u64(..);
            // A connection that is there says farewell before it ends: only what comes before and after is cut short.
            let opened = tokio::select! {
                biased;
                opened = self.open(address, Role::Control, number) => opened,
                () = until_gone(&mut gone) => return,
            };
            let ended = match opened {
                Ok((greeted, socket)) => self.associate(address, number, greeted, socket, wanted).await,
                Err(error) => Ended::lost(error.to_string()),
            };
            self.note_end(address, &ended);
            let pause = backoff.pause(began.elapsed(), fastrand::f64());
            tokio::select! {
                biased;
                () = sleep(pause) => {}
                _ = stopped.changed() => return,
                () = until_gone(&mut gone) => return,
            }
        }
    }

    fn note_end(&self, address: &Address, ended: &Ended) {
        if ended.in_good_order {
            self.members.left(address);
            tracing::info!(%address, "has left");
        } else if self.members.unreached(address, &ended.reason) {
            self.members.complain(&address.to_string(), &ended.reason);
        }
    }

    /// Opens the data connections that belong to a control connection, and keeps them until that ends. Why it did.
    async fn associate(
        self: &Arc<Self>,
        address: &Address,
        number: u64,
        greeted: Greeted,
        socket: Box<dyn Socket>,
        wanted: &watch::Receiver<Interest>,
    ) -> Ended {
        let (read, write) = match socket.bind() {
            Ok(halves) => halves,
            Err(error) => return Ended::lost(error.to_string()),
        };
        let met = Met::new(self, &greeted);
        self.members.reached(address, &met.association.peer);
        let peer = Arc::clone(&met.association.peer);
        let control = Control::new(peer, Arc::clone(&self.exposed), write, self.config.silence_limit);
        let threads = self.runtime.executor().shared();
        let slots = 0..self.config.data_connections.unwrap_or(threads).max(1);
        let keep = |slot| self.keep_connected(address, &met.association, &greeted, (number, slot), wanted);
        let data = join_all(slots.map(keep));
        let ended = tokio::select! {
            biased;
            ended = control.run(read, wanted.clone()) => ended,
            _ = data => unreachable!("connections are kept for as long as they are wanted"),
        };
        met.end(ended).await
    }

    /// Keeps one data connection open, until the other side drains or this one leaves.
    async fn keep_connected(
        self: &Arc<Self>,
        address: &Address,
        association: &Arc<Association>,
        control: &Greeted,
        (number, thread): (u64, usize),
        wanted: &watch::Receiver<Interest>,
    ) {
        let (min, max) = self.config.redial;
        let mut backoff = Backoff::new(min, max);
        loop {
            let began = Instant::now();
            match self.open_data(address, control, number).await {
                Ok((greeted, _)) if greeted.incarnation != control.incarnation => {
                    self.members.complain(&address.to_string(), "another node has taken its place");
                }
                Ok((_, socket)) => {
                    let connection = self.start(association, socket, thread);
                    connection.until_closed().await;
                    if connection.was_left() {
                        // It may be heard here before it is on the control connection.
                        association.peer.drain();
                    }
                }
                Err(error) => self.members.complain(&address.to_string(), &error.to_string()),
            }
            if association.peer.is_draining() || *wanted.borrow() >= Interest::Leaving {
                // One of the two goes, and there is nothing new to send: the control connection will tell the end.
                return std::future::pending().await;
            }
            sleep(backoff.pause(began.elapsed(), fastrand::f64())).await;
        }
    }

    /// Opens a data connection: beside the network, to a node of this machine that can be reached so.
    async fn open_data(
        &self,
        address: &Address,
        control: &Greeted,
        number: u64,
    ) -> Result<(Greeted, Box<dyn Socket>), HandshakeError> {
        if let Some(beside) = &control.beside {
            match self.open(beside, Role::Data, number).await {
                Ok(opened) => return Ok(opened),
                // Another user's, or in another network namespace.
                Err(error) => tracing::debug!(%address, %beside, %error, "it has to be reached over TCP"),
            }
        }
        self.open(address, Role::Data, number).await
    }

    async fn open(
        &self,
        address: &Address,
        role: Role,
        association: u64,
    ) -> Result<(Greeted, Box<dyn Socket>), HandshakeError> {
        let limit = self.config.connect_limit;
        let connected = timeout(limit, self.config.transport.connect(address)).await;
        let mut socket = connected.map_err(|_| HandshakeError::Late(limit))??;
        let greeted = self.identity.greet(&mut *socket, Handshake { role, association, limit }).await?;
        Ok((greeted, socket))
    }
}

/// An address that is dialled for as long as this is kept.
struct Dialling {
    _stop: watch::Sender<()>,
}

/// A node that was met, and is lost with this.
pub(super) struct Met {
    pub(super) association: Arc<Association>,
    shared: Arc<Shared>,
    reason: Option<String>,
}

impl Met {
    pub(super) fn new(shared: &Arc<Shared>, greeted: &Greeted) -> Self {
        let association = shared.members.met(greeted, &shared.runtime);
        Self { association, shared: Arc::clone(shared), reason: None }
    }

    /// Loses it, after its last answers.
    pub(super) async fn end(mut self, ended: Ended) -> Ended {
        if ended.in_good_order {
            drop(timeout(LAST_ANSWERS, self.association.until_ended()).await);
        }
        self.reason = Some(ended.reason.clone());
        ended
    }
}

impl Drop for Met {
    fn drop(&mut self) {
        let reason = self.reason.as_deref().unwrap_or("this node ends");
        self.shared.members.lost(&self.association, reason);
    }
}
