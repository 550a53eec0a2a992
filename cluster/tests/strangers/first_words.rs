//! First words that are none.

use playhouse_cluster::wire::{Hello, Offer, Role};

use crate::stranger::{Stranger, offer};
use crate::target::with_nodes;

#[test]
fn random_bytes_end_their_connection() {
    with_nodes(|nodes| async move {
        for seed in 0..50 {
            let mut random = fastrand::Rng::with_seed(seed);
            let bytes: Vec<u8> = (0..random.usize(0..500)).map(|_| random.u8(..)).collect();
            let mut stranger = Stranger::connect(nodes.address).await;
            stranger.write(&bytes).await;
            stranger.farewell().await;
        }
    });
}

#[test]
fn who_speaks_something_else_is_told() {
    with_nodes(|nodes| async move {
        let mut stranger = Stranger::connect(nodes.address).await;
        stranger.write(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        assert_eq!(stranger.farewell().await, "it does not speak Playhouse's protocol");
    });
}

#[test]
fn who_says_nothing_is_not_waited_for() {
    with_nodes(|nodes| async move {
        let mut silent: Vec<_> = Vec::new();
        for _ in 0..20 {
            silent.push(Stranger::connect(nodes.address).await);
        }
        for stranger in &mut silent {
            assert_eq!(stranger.farewell().await, "");
        }
    });
}

#[test]
fn first_words_that_are_cut_are_not_waited_for() {
    with_nodes(|nodes| async move {
        let mut hello = Vec::new();
        Hello::new(offer(Role::Control)).encode(&mut hello);
        for cut in [1, 8, 12, hello.len() - 1] {
            let mut stranger = Stranger::connect(nodes.address).await;
            stranger.write(&hello[..cut]).await;
            stranger.farewell().await;
        }
    });
}

#[test]
fn another_version_is_told_which_would_do() {
    with_nodes(|nodes| async move {
        let mut stranger = Stranger::connect(nodes.address).await;
        let hello = Hello { versions: (2, 9), offer: offer(Role::Control) };
        stranger.say(|out| hello.encode(out)).await;
        let expected = "it speaks versions 2 to 9 of the protocol, this node speaks version 1";
        assert_eq!(stranger.farewell().await, expected);
    });
}

#[test]
fn who_belongs_elsewhere_is_told() {
    with_nodes(|nodes| async move {
        let table = [
            (Offer { cluster: "other".into(), ..offer(Role::Control) }, "it belongs to the cluster `other`"),
            (Offer { credentials: b"guess".into(), ..offer(Role::Control) }, "its credentials are not those"),
            (offer(Role::Data), "there is no control connection for it"),
        ];
        for (offer, expected) in table {
            let mut stranger = Stranger::connect(nodes.address).await;
            stranger.greet(offer).await;
            let farewell = stranger.farewell().await;
            assert!(farewell.starts_with(expected), "{farewell}");
        }
    });
}
