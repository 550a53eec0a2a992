//! Frames that break the protocol, from a peer that was admitted.

use bytes::Bytes;
use playhouse_actors::{Codec, Encoded};
use playhouse_cluster::wire::{Announce, Chunk, Credit, End, Ping, Reply};

use crate::stranger::{Heard, Stranger, json, request};
use crate::target::{COUNT, ECHO, HANG, with_nodes};

/// A frame whose prefix says so.
fn raw(length: u32, kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = length.to_le_bytes().to_vec();
    frame.extend_from_slice(&[kind, flags, 0, 0]);
    frame.extend_from_slice(payload);
    frame
}

fn written(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out);
    out
}

/// A body of which one megabyte does not follow.
fn long() -> Encoded {
    Encoded { codec: Codec::Raw, head: Bytes::new(), segments: vec![vec![1; 1 << 20].into()] }
}

#[test]
fn what_breaks_the_protocol_ends_its_connection_with_a_reason() {
    let twice = written(|out| {
        request(1, HANG).encode(&json("{}"), out);
        request(1, HANG).encode(&json("{}"), out);
    });
    let beyond = written(|out| {
        request(1, ECHO).encode(&Encoded { segments: vec![vec![1; 40_000].into()], ..long() }, out);
        out.extend_from_slice(&Chunk { id: 1, to_caller: false, length: 40_001 }.header());
    });
    let endless = written(|out| {
        let mut header = request(1, ECHO);
        header.id = 2;
        let start = out.len();
        header.encode(&long(), out);
        // The length of its one segment, which is the last field of the frame.
        let end = out.len();
        out[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(start < end);
    });
    let credit = written(|out| {
        let mut header = request(1, COUNT);
        header.credit = 1;
        header.encode(&json(r#"{"to": 1000000}"#), out);
        Credit { id: 1, items: u32::MAX }.encode(out);
    });
    let table = [
        ("too long", raw(u32::MAX, 16, 0, b""), "of 4294967295 bytes, 1048576 are allowed"),
        ("unknown", raw(1, 99, 0, b"x"), "a frame of the unknown kind 99"),
        ("short", raw(4, 22, 0, b"1234"), "a frame Cancel that ends within its identifier"),
        ("out of place", written(|out| Announce(Vec::new()).encode(out)), "a frame Announce on a data connection"),
        ("a call twice", twice, "a frame Request of a call that has begun"),
        ("beyond its part", beyond, "a frame Chunk beyond the end of its part"),
        ("a body without end", endless, "a request of 4294967295 bytes"),
        ("credit without end", credit, "a frame Credit for more items than anybody reads"),
    ];
    with_nodes(|nodes| async move {
        for (what, bytes, expected) in table {
            let (_control, mut data) = Stranger::admitted(nodes.address).await;
            data.write(&bytes).await;
            let farewell = data.farewell().await;
            assert!(farewell.contains(expected), "{what}: {farewell:?}");
        }
    });
}

#[test]
fn a_control_connection_carries_no_calls() {
    with_nodes(|nodes| async move {
        let (mut control, mut data) = Stranger::admitted(nodes.address).await;
        control.ask(request(1, ECHO), &json("{}")).await;
        assert_eq!(control.farewell().await, "you sent a frame Request on a control connection");
        // Its data connections end with it.
        assert_eq!(data.farewell().await, "");
    });
}

#[test]
fn what_meets_nobody_is_passed_over() {
    with_nodes(|nodes| async move {
        let (_control, mut data) = Stranger::admitted(nodes.address).await;
        let reply = written(|out| {
            Reply::encode(12_345, 0, &json("1"), out);
            Reply::encode(12_346, 0, &long(), out);
            out.extend_from_slice(&Chunk { id: 12_346, to_caller: true, length: 100 }.header());
            out.extend_from_slice(&[0; 100]);
            End { id: 12_347, depth: 0 }.encode(out);
            Credit { id: 12_348, items: 5 }.encode(out);
            out.extend_from_slice(&raw(3, 99, 0x80, b"abc"));
            Ping(9).encode(out);
        });
        data.write(&reply).await;
        assert_eq!(data.hear().await, Heard::Other("Pong"));
    });
}

#[test]
fn a_frame_that_is_cut_ends_with_its_connection() {
    with_nodes(|nodes| async move {
        let call = written(|out| _ = request(1, ECHO).encode(&json(r#"{"text": "a"}"#), out));
        for cut in 1..call.len() {
            let (_control, mut data) = Stranger::admitted(nodes.address).await;
            data.write(&call[..cut]).await;
        }
    });
}
