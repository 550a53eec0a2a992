//! A node that says its first words and what it offers, and then nothing more: as one does that was stopped.

use playhouse_cluster::Address;
use playhouse_cluster::wire::{Announce, Announced, AnnouncedMethod, Frame, Hello, Offer, PREFIX, Prefix, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::world::World;

/// Listens as such a node, until the test ends.
pub(crate) async fn listen(world: &World, address: &Address) {
    let mut acceptor = world.transport().listen(address).await.unwrap();
    tokio::task::spawn_local(async move {
        let mut kept = Vec::new();
        loop {
            let mut socket = acceptor.accept().await.unwrap();
            let mut words = vec![0; PREFIX];
            socket.read_exact(&mut words).await.unwrap();
            words.resize(PREFIX + Prefix::decode(&words).unwrap().unwrap().length, 0);
            socket.read_exact(&mut words[PREFIX..]).await.unwrap();
            let Some((Frame::Hello(hello), _)) = Frame::decode(&words).unwrap() else { panic!("it comes first") };
            socket.write_all(&answer(hello)).await.unwrap();
            kept.push(socket);
        }
    });
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
            timeout_us: 60_000_000,
            methods: vec![method],
        };
        Announce(vec![announced]).encode(&mut out);
    }
    out
}
