//! Calls that ask for too much, or for what is not there. The connection stays where nothing else is wrong.

use bytes::Bytes;
use playhouse_actors::{Codec, Encoded};
use playhouse_cluster::wire::Chunk;
use tokio::io::AsyncWriteExt;

use crate::stranger::{Heard, Stranger, json, request};
use crate::target::{COUNT, ECHO, running, until, with_nodes};

/// A call that is in order is answered on this connection.
async fn answers_on(data: &mut Stranger) {
    data.ask(request(9999, ECHO), &json(r#"{"text": "on"}"#)).await;
    assert_eq!(data.hear().await, Heard::Reply(9999, br#""on""#.to_vec()));
}

#[test]
fn an_unknown_method_is_an_error_of_its_call() {
    with_nodes(|nodes| async move {
        let (_control, mut data) = Stranger::admitted(nodes.address).await;
        for method in [3, 1000, u32::MAX] {
            data.ask(request(1, method), &json("{}")).await;
            assert_eq!(data.hear().await, Heard::Failure(1, "unavailable: the replica is gone".into()));
        }
        answers_on(&mut data).await;
    });
}

#[test]
fn arguments_that_cannot_be_read_are_an_error_of_their_call() {
    with_nodes(|nodes| async move {
        let (_control, mut data) = Stranger::admitted(nodes.address).await;
        let noise = || Bytes::from_static(&[0xc1; 40]);
        for codec in [Codec::Json, Codec::Msgpack, Codec::Raw, Codec::Split] {
            let body = Encoded { codec, head: noise(), segments: vec![noise()] };
            data.ask(request(1, ECHO), &body).await;
            let heard = data.hear().await;
            assert!(matches!(&heard, Heard::Failure(1, text) if text.starts_with("Target.echo: ")), "{heard:?}");
        }
        answers_on(&mut data).await;
    });
}

#[test]
fn a_body_that_never_comes_to_its_end_holds_up_nothing() {
    with_nodes(|nodes| async move {
        let (_control, mut data) = Stranger::admitted(nodes.address).await;
        for id in 1..=100 {
            let body = Encoded { codec: Codec::Raw, head: Bytes::new(), segments: vec![vec![1; 1 << 20].into()] };
            data.ask(request(id, ECHO), &body).await;
            data.write(&Chunk { id, to_caller: false, length: 10 }.header()).await;
            data.write(&[1; 10]).await;
        }
        answers_on(&mut data).await;
    });
}

#[test]
fn thousands_of_streams_end_with_their_connection() {
    with_nodes(|nodes| async move {
        let (_control, mut data) = Stranger::admitted(nodes.address).await;
        for id in 0..5000 {
            let mut header = request(id, COUNT);
            header.credit = 1;
            data.ask(header, &json(r#"{"to": 1000000}"#)).await;
        }
        let (mut items, mut refused) = (0, 0);
        // The mailbox admits 1,024 unless set, and the one worker has 64 slots: the others wait.
        while items + refused < 64 + 3976 {
            match data.hear().await {
                Heard::Item(_) => items += 1,
                Heard::Failure(_, text) if text.contains("overloaded") => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((items, refused, running()), (64, 3976, 64));
        drop(data);
        until(|| running() == 0).await;
    });
}

#[test]
fn who_never_reads_is_given_up() {
    with_nodes(|nodes| async move {
        let (_control, mut data) = Stranger::admitted(nodes.address).await;
        let text = "a".repeat(2_000);
        let mut call = Vec::new();
        let mut sent = 0_u64;
        for id in 0.. {
            call.clear();
            request(id, ECHO).encode(&json(&format!(r#"{{"text": "{text}"}}"#)), &mut call);
            if data.stream.write_all(&call).await.is_err() {
                break;
            }
            sent += call.len() as u64;
            // Far beyond what the two sides of a connection hold.
            assert!(sent < 1 << 30, "it is taken in for ever");
        }
    });
}
