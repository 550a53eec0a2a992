//! A stranger, who writes what it likes.

use std::net::SocketAddr;

use playhouse_actors::{Bytes, Codec, Encoded};
use playhouse_cluster::wire::{Frame, Hello, Offer, RequestHeader, Role};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection whose other side writes what it likes.
pub(crate) struct Stranger {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

/// What a stranger heard, as far as tests ask for it.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Hello,
    /// The identifier and the result.
    Reply(u64, Vec<u8>),
    /// The identifier and the error.
    Failure(u64, String),
    Item(u64),
    GoAway(String),
    Other(&'static str),
    /// The connection has ended.
    End,
}

/// What a node would say of itself.
pub(crate) fn offer(role: Role) -> Offer {
    Offer {
        cluster: "default".into(),
        node: "stranger".into(),
        incarnation: 1,
        role,
        association: 77,
        body_max: 1 << 30,
        credentials: Bytes::default(),
        zone: None,
        beside: None,
    }
}

/// A request for a method, without its arguments.
pub(crate) fn request(id: u64, method: u32) -> RequestHeader<'static> {
    RequestHeader {
        id,
        remaining_us: 5_000_000,
        method,
        credit: 0,
        reply: Codec::Json,
        attempt: 0,
        caller: ("", ""),
        request_id: "",
        trace: None,
    }
}

/// Arguments in JSON.
pub(crate) fn json(text: &str) -> Encoded {
    Encoded::new(Codec::Json, text.to_owned())
}

impl Stranger {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), read: Vec::new() }
    }

    /// A control and a data connection that are in order so far. The first has to be kept for as long as the second.
    pub(crate) async fn admitted(address: SocketAddr) -> (Self, Self) {
        let mut control = Self::connect(address).await;
        control.greet(offer(Role::Control)).await;
        assert_eq!(control.hear().await, Heard::Hello);
        let mut data = Self::connect(address).await;
        data.greet(offer(Role::Data)).await;
        assert_eq!(data.hear().await, Heard::Hello);
        (control, data)
    }

    pub(crate) async fn greet(&mut self, offer: Offer) {
        self.say(|out| Hello::new(offer).encode(out)).await;
    }

    /// Writes. What does not arrive any more is no mistake: the other side may have ended the connection.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes).await);
    }

    pub(crate) async fn say(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        let mut out = Vec::new();
        encode(&mut out);
        self.write(&out).await;
    }

    pub(crate) async fn ask(&mut self, header: RequestHeader<'_>, body: &Encoded) {
        self.say(|out| _ = header.encode(body, out)).await;
    }

    /// The next frame, or the end.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            if let Some((frame, length)) = Frame::decode(&self.read).unwrap() {
                let heard = Heard::of(&frame);
                self.read.drain(..length);
                return heard;
            }
            match self.stream.read_buf(&mut self.read).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Heard::End,
            }
        }
    }

    /// Reads to the end of the connection: why it ended, as the other side said.
    pub(crate) async fn farewell(&mut self) -> String {
        let mut farewell = String::new();
        loop {
            match self.hear().await {
                Heard::GoAway(text) => farewell = text,
                Heard::End => return farewell,
                _ => {}
            }
        }
    }
}

impl Heard {
    fn of(frame: &Frame<'_>) -> Self {
        match frame {
            Frame::Hello(_) => Heard::Hello,
            Frame::Reply(reply) => Heard::Reply(reply.id, reply.body.inline.to_vec()),
            Frame::Failure(failure) => Heard::Failure(failure.id, failure.error.to_string()),
            Frame::Item(item) => Heard::Item(item.id),
            Frame::GoAway(go_away) => Heard::GoAway(go_away.text.clone()),
            other => Heard::Other(other.name()),
        }
    }
}
