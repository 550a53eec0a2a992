//! Takes the connections that other nodes open.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::sleep;

use super::dial::Met;
use super::{Shared, until_gone};
use crate::error::JoinError;
use crate::peer::{Control, Greeted, Interest, refuse};
use crate::transport::{Acceptor, Address, Socket};
use crate::watch;
use crate::wire::{Beside, GoAway, Reason, Role};

/// How many connections may be saying their first words at a time.
const STRANGERS_MAX: usize = 256;
/// How many connections other nodes may have open.
const CONNECTIONS_MAX: usize = 16_384;
/// How long to wait when the operating system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(50);

impl Shared {
    /// Begins to listen at all addresses, and says at which; or why it cannot, and then listens nowhere.
    pub(super) async fn listen(
        self: Arc<Self>,
        listening: oneshot::Sender<Result<Vec<Address>, JoinError>>,
        wanted: watch::Receiver<Interest>,
    ) {
        let mut acceptors = Vec::new();
        for address in &self.config.listen {
            match self.config.transport.listen(address).await {
                Ok(acceptor) => acceptors.push(acceptor),
                Err(error) => {
                    // Who joins may have gone: then nobody minds.
                    drop(listening.send(Err(JoinError::Listen { address: address.clone(), error })));
                    return;
                }
            }
        }
        let addresses: Vec<Address> = acceptors.iter().map(|acceptor| acceptor.address()).collect();
        if addresses.iter().any(|address| matches!(address, Address::Tcp(_))) {
            acceptors.extend(self.listen_beside().await);
        }
        if listening.send(Ok(addresses)).is_ok() {
            for acceptor in acceptors {
                self.runtime.executor().spawn_control(Arc::clone(&self).accept(acceptor, wanted.clone()));
            }
        }
    }

    /// Listens for the nodes of this machine, by a name that is told to those who greet.
    async fn listen_beside(&self) -> Option<Box<dyn Acceptor>> {
        let host = self.identity.host.clone()?;
        let socket = format!("playhouse-{:016x}", self.identity.incarnation.0);
        match self.config.transport.listen(&Address::Unix(format!("@{socket}"))).await {
            Ok(acceptor) => self.identity.beside.set(Beside { host, socket }).is_ok().then_some(acceptor),
            Err(error) => {
                tracing::debug!(%error, "nodes of this machine have to use TCP");
                None
            }
        }
    }

    /// Takes connections until this node has left.
    pub(super) async fn accept(
        self: Arc<Self>,
        mut acceptor: Box<dyn Acceptor>,
        mut wanted: watch::Receiver<Interest>,
    ) {
        let strangers = Arc::new(Semaphore::new(STRANGERS_MAX));
        let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let accepted = tokio::select! {
                biased;
                () = until_gone(&mut wanted) => return,
                accepted = acceptor.accept() => accepted,
            };
            let socket = match accepted {
                Ok(socket) => socket,
                Err(error) => {
                    self.members.complain(&acceptor.address().to_string(), &error.to_string());
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let permits = Arc::clone(&strangers).try_acquire_owned();
            let Ok((stranger, connection)) =
                permits.and_then(|stranger| Ok((stranger, Arc::clone(&connections).try_acquire_owned()?)))
            else {
                self.members.complain(&socket.peer(), "there are too many connections");
                continue;
            };
            let (shared, mut wanted) = (Arc::clone(&self), wanted.clone());
            self.runtime.executor().spawn_control(async move {
                let welcomed = tokio::select! {
                    biased;
                    welcomed = shared.welcome(socket) => welcomed,
                    () = until_gone(&mut wanted) => None,
                };
                drop(stranger);
                if let Some((greeted, socket)) = welcomed {
                    shared.go_on(&greeted, socket, wanted).await;
                }
                drop(connection);
            });
        }
    }

    async fn welcome(&self, mut socket: Box<dyn Socket>) -> Option<(Greeted, Box<dyn Socket>)> {
        match self.identity.welcome(&mut *socket, self.config.connect_limit).await {
            Ok(greeted) => Some((greeted, socket)),
            Err(error) => {
                self.members.complain(&socket.peer(), &error.to_string());
                None
            }
        }
    }

    /// Goes on with a connection whose other side is known, until it ends.
    async fn go_on(self: &Arc<Self>, greeted: &Greeted, socket: Box<dyn Socket>, wanted: watch::Receiver<Interest>) {
        match greeted.role {
            Role::Control => self.be_controlled(greeted, socket, wanted).await,
            // Whoever did not hear yet that this node goes would keep it from doing so.
            Role::Data if *wanted.borrow() >= Interest::Leaving => {
                self.refuse(socket, &GoAway::new(Reason::Going, "the node ends")).await;
            }
            Role::Data => self.carry(greeted, socket).await,
        }
    }

    async fn be_controlled(
        self: &Arc<Self>,
        greeted: &Greeted,
        socket: Box<dyn Socket>,
        wanted: watch::Receiver<Interest>,
    ) {
        let address = socket.peer();
        let (read, write) = match socket.bind() {
            Ok(halves) => halves,
            Err(error) => return self.members.complain(&address, &error.to_string()),
        };
        let met = Met::new(self, greeted);
        let _accepted = Accepted::new(self, greeted, &met);
        let peer = Arc::clone(&met.association.peer);
        let control = Control::new(peer, Arc::clone(&self.exposed), write, self.config.silence_limit);
        let ended = met.end(control.run(read, wanted).await).await;
        match ended.in_good_order {
            true => tracing::info!(node = %greeted.node, address, "has left"),
            false => self.members.complain(&format!("{} at {address}", greeted.node), &ended.reason),
        }
    }

    /// Says why not, to somebody who may not even listen.
    async fn refuse(&self, mut socket: Box<dyn Socket>, go_away: &GoAway) {
        drop(tokio::time::timeout(self.config.connect_limit, refuse(&mut *socket, go_away)).await);
    }

    async fn carry(self: &Arc<Self>, greeted: &Greeted, socket: Box<dyn Socket>) {
        let Some(association) = self.members.association(greeted) else {
            let go_away = GoAway::new(Reason::NoControl, "there is no control connection for it");
            self.members.complain(&socket.peer(), &go_away.text);
            return self.refuse(socket, &go_away).await;
        };
        let connection = self.start(&association, socket, self.threads.next());
        connection.until_closed().await;
        if connection.was_at_fault()
            && let Some(reason) = connection.reason()
        {
            self.members.complain(connection.peer(), &reason);
        }
    }
}

/// A control connection that data connections can find for as long as this is kept.
struct Accepted<'a> {
    shared: &'a Shared,
    greeted: &'a Greeted,
}

impl<'a> Accepted<'a> {
    fn new(shared: &'a Shared, greeted: &'a Greeted, met: &Met) -> Self {
        shared.members.accepted(greeted, &met.association);
        Self { shared, greeted }
    }
}

impl Drop for Accepted<'_> {
    fn drop(&mut self) {
        self.shared.members.unaccepted(self.greeted);
    }
}
