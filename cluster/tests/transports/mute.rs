//! A node that says its first words and what it offers, and then nothing more: as one does that was stopped.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::join_all;
use playhouse_cluster::Address;
use playhouse_cluster::transport::Socket;
use playhouse_cluster::wire::{Announce, Announced, AnnouncedMethod, Frame, Hello, Offer, PREFIX, Prefix, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::World;

/// What such a node has been sent and has not read.
pub(crate) struct Unread(Rc<RefCell<Vec<Box<dyn Socket>>>>);

/// Listens as such a node, until the test ends.
pub(crate) async fn listen(world: &World, address: &Address) -> Unread {
    let mut acceptor = world.transport().listen(address).await.unwrap();
    let unread = Rc::new(RefCell::new(Vec::new()));
    let kept = Rc::clone(&unread);
    tokio::task::spawn_local(async move {
        loop {
            let mut socket = acceptor.accept().await.unwrap();
            let mut words = vec![0; PREFIX];
            socket.read_exact(&mut words).await.unwrap();
            words.resize(PREFIX + Prefix::decode(&words).unwrap().unwrap().length, 0);
            socket.read_exact(&mut words[PREFIX..]).await.unwrap();
            let Some((Frame::Hello(hello), _)) = Frame::decode(&words).unwrap() else { panic!("it comes first") };
            socket.write_all(&answer(hello)).await.unwrap();
            kept.borrow_mut().push(socket);
        }
    });
    Unread(unread)
}

impl Unread {
    /// Reads on, as one does that was stopped and goes on: everything that was sent so far or still comes.
    pub(crate) async fn read(&self) -> Vec<u8> {
        let sockets = self.0.take();
        let read = sockets.into_iter().map(|mut socket| async move {
            let mut bytes = Vec::new();
            // However the connection ends, what has come counts.
            drop(socket.read_to_end(&mut bytes).await);
            bytes
        });
        join_all(read).await.concat()
    }
}

fn answer(hello: Hello) -> Vec<u8> {
    let mut out = Vec::new();
    let role = hello.offer.role;
    Hello::new(Offer { node: "mute".into(), incarnation: 9, ..hello.offer }).encode(&mut out);
    if role == Role::Control {
        let method = AnnouncedMethod { name: "hang".into(), version: 1, stream: false, idempotent: false, hash: 0 };
        let announced = Announced {
            replica: "Probe-mute".into(),
            service: "Probe".into(),
            first: 0,
            weight: 1,
            timeout_us: 60_000_000,
            methods: vec![method],
        };
        Announce(vec![announced]).encode(&mut out);
    }
    out
}
