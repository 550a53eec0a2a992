//! The properties of the protocol, on frames of every kind.

use playhouse_actors::{Codec, Encoded, Error, ErrorKind, Hop};
use proptest::collection::vec;
use proptest::prelude::*;

use super::properties::{a_cut_frame_is_incomplete, any_bytes_are_read_or_refused};
use super::*;

/// A frame as it was written, and what it has to be read as.
fn written(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out);
    out
}

fn codecs() -> impl Strategy<Value = Codec> {
    prop_oneof![Just(Codec::Msgpack), Just(Codec::Json), Just(Codec::Raw), Just(Codec::Split), Just(Codec::Form)]
}

fn bodies() -> impl Strategy<Value = Encoded> {
    let bytes = |max| vec(any::<u8>(), 0..max).prop_map(bytes::Bytes::from);
    (codecs(), bytes(200), vec(bytes(20_000), 0..4)).prop_map(|(codec, head, segments)| Encoded {
        codec,
        head,
        segments,
    })
}

fn traces() -> impl Strategy<Value = Option<Trace<'static>>> {
    let states = prop_oneof![Just(""), Just("rojo=00f067aa0ba902b7,congo=t61")];
    let traces = (any::<([u8; 16], [u8; 8], u8)>(), states);
    proptest::option::of(traces.prop_map(|((trace, span, flags), state)| Trace { trace, span, flags, state }))
}

fn errors() -> impl Strategy<Value = Error> {
    let kinds = prop_oneof![
        any::<u32>().prop_map(|ms| ErrorKind::Overloaded { retry_after: std::time::Duration::from_millis(ms.into()) }),
        Just(ErrorKind::DeadlineExceeded),
        Just(ErrorKind::Draining),
        ".*".prop_map(|reason| ErrorKind::NotStarted { reason }),
        ".*".prop_map(|message| ErrorKind::Rejected { field: None, message }),
        (".*", ".*").prop_map(|(code, message)| ErrorKind::Service { code, message, details: None }),
    ];
    (kinds, any::<bool>(), ".*").prop_map(|(kind, began, service)| {
        let hop = Hop { service, method: "m".into(), replica: "r".into() };
        let error = Error::new(kind);
        if began { error.returned_by(hop) } else { error.refused_by(hop) }
    })
}

/// The bytes of a body that are in a frame.
fn inline(body: &Encoded, parts: usize) -> Vec<u8> {
    std::iter::once(&body.head).chain(&body.segments).take(parts).flatten().copied().collect()
}

fn lengths(body: &Encoded) -> Vec<usize> {
    std::iter::once(&body.head).chain(&body.segments).map(bytes::Bytes::len).collect()
}

/// One frame of each kind whose form does not depend on a body.
fn plain_frames() -> Vec<(Frame<'static>, Vec<u8>)> {
    let announced = Announced {
        replica: "Probe-1".into(),
        service: "Probe".into(),
        first: 7,
        timeout_us: 10_000_000,
        weight: 3,
        methods: vec![AnnouncedMethod { name: "echo".into(), version: 1, stream: false, idempotent: true, hash: 9 }],
    };
    let offer = Offer {
        cluster: "default".into(),
        node: "node-1".into(),
        incarnation: 3,
        role: Role::Data,
        association: 4,
        body_max: 5,
        zone: Some("a".into()),
        beside: Some(Beside { host: "h".into(), socket: "s".into() }),
        credentials: b"secret".into(),
    };
    let (hello, go_away) = (Hello::new(offer), GoAway::new(Reason::Cluster, "another one"));
    let going = GoAway { last: Some(7), ..GoAway::new(Reason::Going, "it goes") };
    let (announce, load) = (Announce(vec![announced]), Load(vec![LoadOf { first: 7, depth: 8, open: true }; 3]));
    vec![
        (Frame::Hello(hello.clone()), written(|out| hello.encode(out))),
        (Frame::GoAway(go_away.clone()), written(|out| go_away.encode(out))),
        (Frame::GoAway(going.clone()), written(|out| going.encode(out))),
        (Frame::Ping(Ping(1)), written(|out| Ping(1).encode(out))),
        (Frame::Pong(Pong(2)), written(|out| Pong(2).encode(out))),
        (Frame::Announce(announce.clone()), written(|out| announce.encode(out))),
        (Frame::Withdraw(Withdraw(vec![7, 9])), written(|out| Withdraw(vec![7, 9]).encode(out))),
        (Frame::Load(load.clone()), written(|out| load.encode(out))),
        (Frame::Drain(Drain), written(|out| Drain.encode(out))),
        (Frame::End(End { id: 1, depth: 2 }), written(|out| End { id: 1, depth: 2 }.encode(out))),
        (Frame::Credit(Credit { id: 1, items: 2 }), written(|out| Credit { id: 1, items: 2 }.encode(out))),
        (Frame::Cancel(Cancel { id: 1 }), written(|out| Cancel { id: 1 }.encode(out))),
    ]
}

#[test]
fn plain_frames_come_back() {
    for (frame, bytes) in plain_frames() {
        assert_eq!(Frame::decode(&bytes), Ok(Some((frame, bytes.len()))));
        (0..bytes.len()).for_each(|cut| a_cut_frame_is_incomplete(&bytes, cut));
    }
}

#[test]
fn fields_that_a_later_version_adds_are_passed_over() {
    for (frame, mut bytes) in plain_frames() {
        // What has a list or a text to its end has no room behind it.
        if matches!(frame, Frame::GoAway(_)) {
            continue;
        }
        bytes.extend_from_slice(&[0xc0; 16]);
        let length = (bytes.len() - PREFIX) as u32;
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        assert_eq!(Frame::decode(&bytes), Ok(Some((frame, bytes.len()))));
    }
}

#[test]
fn an_unknown_kind_is_skipped_if_it_may_be() {
    assert_eq!(Frame::decode(&[1, 0, 0, 0, 33, IGNORABLE, 0, 0, 9]), Ok(Some((Frame::Unknown(33), 9))));
    assert_eq!(Frame::decode(&[1, 0, 0, 0, 33, 0, 0, 0, 9]), Err(Malformed::UnknownKind(33)));
}

#[test]
fn what_is_wrong_is_said() {
    let too_long = [0xff, 0xff, 0xff, 0x7f, 16, 0, 0, 0];
    let short = [4, 0, 0, 0, 22, 0, 0, 0, 1, 2, 3, 4];
    let http: &[u8] = b"GET / HTTP/1.1\r\n";
    let table: [(&[u8], &str); 3] = [
        (&too_long, "a frame of kind 16 of 2147483647 bytes, 1048576 are allowed"),
        (&short, "a frame Cancel that ends within its identifier"),
        (http, "1048576 are allowed"),
    ];
    for (bytes, expected) in table {
        let message = Frame::decode(bytes).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    // A part that is cut in two.
    let body = Encoded { codec: Codec::Raw, head: "head".into(), segments: vec!["segment".into()] };
    let mut item = written(|out| _ = Item::encode(1, &body, out));
    item[16] = 6;
    assert!(Frame::decode(&item).unwrap_err().to_string().contains("6, within a part"));
}

#[test]
fn an_error_of_a_later_version_keeps_what_matters() {
    for (error, kind) in [
        (Error::from(ErrorKind::Draining), "not started: "),
        (Error::service("code", "text"), "lost after sending, it may have run: "),
    ] {
        let mut bytes = written(|out| Failure { id: 1, depth: 2, error }.encode(out));
        let end = bytes.len();
        bytes[end - 1] = 0xc1;
        let Ok(Some((Frame::Failure(failure), _))) = Frame::decode(&bytes) else { panic!("it is one") };
        assert!(failure.error.to_string().starts_with(kind), "{}", failure.error);
    }
}

fn cut_at_255(text: &str) -> &str {
    &text[..text.floor_char_boundary(255)]
}

proptest! {
    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        any_bytes_are_read_or_refused(&bytes);
    }

    /// Random bytes rarely get past the prefix: these look like frames of every kind.
    #[test]
    fn almost_frames(kind in 0_u8..40, flags: u8, small: [u8; 2], payload in vec(any::<u8>(), 0..300), missing in 0_usize..4) {
        let mut bytes = (payload.len() as u32).to_le_bytes().to_vec();
        bytes.extend_from_slice(&[kind, flags, small[0], small[1]]);
        bytes.extend_from_slice(&payload[..payload.len().saturating_sub(missing)]);
        any_bytes_are_read_or_refused(&bytes);
    }

    #[test]
    fn requests_come_back(
        id: u64, remaining_us: u64, method: u32, credit: u32, attempt: u8,
        reply in codecs(), service in ".{0,100}", method_name in ".{0,9}", id_of in ".{0,100}", trace in traces(), body in bodies(), cut: usize,
    ) {
        let (caller, request_id) = ((&*service, &*method_name), &*id_of);
        let header = RequestHeader { id, remaining_us, method, credit, reply, attempt, caller, request_id, trace };
        let mut parts = 0;
        let bytes = written(|out| parts = header.encode(&body, out));
        a_cut_frame_is_incomplete(&bytes, cut);
        let (frame, length) = Frame::decode(&bytes).unwrap().unwrap();
        let Frame::Request(request) = frame else { panic!("{frame:?}") };
        let short = RequestHeader { caller: (cut_at_255(&service), caller.1), request_id: cut_at_255(request_id), ..header };
        prop_assert_eq!((request.header, length), (short, bytes.len()));
        prop_assert_eq!(request.body.codec, body.codec);
        prop_assert_eq!(request.body.inline, inline(&body, parts));
        prop_assert_eq!(request.body.lengths().collect::<Vec<_>>(), lengths(&body));
        prop_assert_eq!(request.body.is_whole(), parts == body.segments.len() + 1 || body.len() == request.body.inline.len());
    }

    #[test]
    fn answers_come_back(id: u64, depth: u32, body in bodies(), cut: usize) {
        let mut parts = 0;
        let bytes = written(|out| parts = Reply::encode(id, depth, &body, out));
        a_cut_frame_is_incomplete(&bytes, cut);
        let Some((Frame::Reply(reply), _)) = Frame::decode(&bytes).unwrap() else { panic!("it is one") };
        prop_assert_eq!((reply.id, reply.depth, reply.body.inline.to_vec()), (id, depth, inline(&body, parts)));
        let bytes = written(|out| parts = Item::encode(id, &body, out));
        a_cut_frame_is_incomplete(&bytes, cut);
        let Some((Frame::Item(item), _)) = Frame::decode(&bytes).unwrap() else { panic!("it is one") };
        prop_assert_eq!((item.id, item.body.length()), (id, body.len() as u64));
    }

    #[test]
    fn errors_come_back(id: u64, depth: u32, error in errors(), cut: usize) {
        let failure = Failure { id, depth, error };
        let bytes = written(|out| failure.encode(out));
        a_cut_frame_is_incomplete(&bytes, cut);
        let (frame, _) = Frame::decode(&bytes).unwrap().unwrap();
        prop_assert_eq!(frame, Frame::Failure(failure));
    }

    #[test]
    fn chunks_come_back(id: u64, to_caller: bool, bytes in vec(any::<u8>(), 0..1000), cut: usize) {
        let chunk = Chunk { id, to_caller, length: bytes.len() };
        let mut frame = chunk.header().to_vec();
        frame.extend_from_slice(&bytes);
        a_cut_frame_is_incomplete(&frame, cut);
        prop_assert_eq!(Frame::decode(&frame), Ok(Some((Frame::Chunk(chunk, &bytes), frame.len()))));
        let prefix = Prefix::decode(&frame).unwrap().unwrap();
        prop_assert_eq!(Chunk::decode(&prefix, &frame), Ok(Some(chunk)));
        prop_assert_eq!(Chunk::decode(&prefix, &frame[..CHUNK_HEADER - 1]), Ok(None));
    }
}
