//! Where the items of a stream begin and end: bytes in, items out.

use std::str;

use bytes::{Buf, Bytes, BytesMut};
use playhouse_actors::{Codec, Encoded, Error, Hop};
use serde_json::Value;

use super::problem::Refusal;

/// Takes the items out of the bytes of a stream, in the way that the peer writes them.
pub(super) enum Items {
    /// Playhouse: server-sent events, each with one line of JSON; an error is an event of its own.
    Events(Events),
    /// BentoML, a method that gives texts: they come as they are, and what arrives together is one item.
    Text(BytesMut),
    /// BentoML, all others: JSON values one after the other, with nothing between them.
    Values(Values),
}

impl Items {
    /// Takes in what has arrived; gives the items that are complete.
    ///
    /// # Errors
    /// The error that the stream ends by, or what is wrong with it. Items that came before it are given first.
    pub(super) fn push(&mut self, bytes: &[u8], hop: &Hop) -> (Vec<Encoded>, Result<(), Error>) {
        match self {
            Self::Events(events) => events.push(bytes, hop),
            Self::Text(rest) => {
                rest.extend_from_slice(bytes);
                texts(rest)
            }
            Self::Values(values) => (values.push(bytes), Ok(())),
        }
    }

    /// The end of the stream.
    ///
    /// # Errors
    /// When it comes in the middle of an item.
    pub(super) fn end(&self) -> Result<(), Error> {
        let rest = match self {
            Self::Events(Events { rest, .. }) | Self::Text(rest) | Self::Values(Values { rest, .. }) => rest,
        };
        if rest.trim_ascii().is_empty() { Ok(()) } else { Err(unreadable("it ends in the middle of an item")) }
    }

    /// How much has been taken in of an item that is not complete.
    pub(super) fn pending(&self) -> usize {
        match self {
            Self::Events(Events { rest, .. }) | Self::Text(rest) | Self::Values(Values { rest, .. }) => rest.len(),
        }
    }
}

/// Server-sent events, as far as our gateways use them.
#[derive(Default)]
pub(super) struct Events {
    rest: BytesMut,
    /// How much of the rest has no end of a line in it.
    seen: usize,
    /// Whether the event that is being read is the error.
    is_error: bool,
}

impl Events {
    fn push(&mut self, bytes: &[u8], hop: &Hop) -> (Vec<Encoded>, Result<(), Error>) {
        self.rest.extend_from_slice(bytes);
        let mut items = Vec::new();
        while let Some(end) = self.rest[self.seen..].iter().position(|&byte| byte == b'\n') {
            let line = self.rest.split_to(std::mem::take(&mut self.seen) + end).freeze();
            self.rest.advance(1);
            match self.line(&line, hop) {
                Ok(item) => items.extend(item),
                Err(error) => return (items, Err(error)),
            }
        }
        self.seen = self.rest.len();
        (items, Ok(()))
    }

    fn line(&mut self, line: &Bytes, hop: &Hop) -> Result<Option<Encoded>, Error> {
        if let Some(name) = line.strip_prefix(b"event:") {
            self.is_error = name.trim_ascii() == b"error";
            return Ok(None);
        }
        // Comments, which keep a connection alive, and empty lines.
        let Some(data) = line.strip_prefix(b"data:") else { return Ok(None) };
        let data = data.trim_ascii();
        if self.is_error {
            return Err(sent(data, hop));
        }
        Ok(Some(Encoded::new(Codec::Json, line.slice_ref(data))))
    }
}

/// The error that a stream ends by.
fn sent(body: &[u8], hop: &Hop) -> Error {
    let status = http::StatusCode::INTERNAL_SERVER_ERROR;
    let by_kind = |body: &Value| match body["kind"].as_str() {
        Some("rejected") => http::StatusCode::BAD_REQUEST,
        Some("unauthorized") => http::StatusCode::UNAUTHORIZED,
        Some("overloaded") => http::StatusCode::TOO_MANY_REQUESTS,
        Some("deadline_exceeded") => http::StatusCode::GATEWAY_TIMEOUT,
        _ => status,
    };
    let status = serde_json::from_slice(body).map_or(status, |body| by_kind(&body));
    // The method had begun, whatever it says.
    let kind = Refusal { status, retry_after: None, body }.into_error(hop.clone()).kind().clone();
    Error::new(kind).returned_by(hop.clone())
}

/// All that is complete of a text: a letter may be cut in two.
fn texts(rest: &mut BytesMut) -> (Vec<Encoded>, Result<(), Error>) {
    let whole = match str::from_utf8(rest) {
        Ok(_) => rest.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return (Vec::new(), Err(unreadable("it is not UTF-8"))),
    };
    let text = rest.split_to(whole);
    if text.is_empty() {
        return (Vec::new(), Ok(()));
    }
    let item = Value::String(String::from_utf8_lossy(&text).into_owned());
    (Vec::from_iter(Encoded::encode(&item, Codec::Json)), Ok(()))
}

/// JSON values one after the other. Where each ends is found without reading it; whether it is JSON at all is seen by who
/// reads the item.
#[derive(Default)]
pub(super) struct Values {
    rest: BytesMut,
    /// How much of the rest has been looked at.
    seen: usize,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Whether a number or a word is open at the outermost level: it has no end of its own.
    in_word: bool,
}

impl Values {
    /// A number that is all that has arrived is taken for complete, which is as much as BentoML's own client knows.
    fn push(&mut self, bytes: &[u8]) -> Vec<Encoded> {
        self.rest.extend_from_slice(bytes);
        let mut items = Vec::new();
        while self.seen < self.rest.len() {
            let byte = self.rest[self.seen];
            if self.in_word && (matches!(byte, b'{' | b'[' | b'"') || byte.is_ascii_whitespace()) {
                items.extend(self.take());
                continue;
            }
            self.seen += 1;
            if self.ends_value(byte) {
                items.extend(self.take());
            }
        }
        if self.in_word {
            items.extend(self.take());
        }
        items
    }

    fn ends_value(&mut self, byte: u8) -> bool {
        if self.in_string {
            let ends = byte == b'"' && !self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            self.in_string = !ends;
            return ends && self.depth == 0;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => self.in_word = self.depth == 0 && (self.in_word || !byte.is_ascii_whitespace()),
        }
        false
    }

    /// The value that ends here.
    fn take(&mut self) -> Option<Encoded> {
        let value = self.rest.split_to(self.seen).freeze();
        (self.seen, self.in_word) = (0, false);
        let trimmed = value.trim_ascii();
        (!trimmed.is_empty()).then(|| Encoded::new(Codec::Json, value.slice_ref(trimmed)))
    }
}

/// The code of an error for a stream that cannot be read.
const UNREADABLE_STREAM: &str = "unreadable_stream";

fn unreadable(what: &str) -> Error {
    Error::service(UNREADABLE_STREAM, format!("the stream cannot be read: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop() -> Hop {
        Hop { service: "Peer".into(), method: "m".into(), replica: "http://peer".into() }
    }

    /// All items, with the stream cut into pieces of `size` bytes, and the error it ends by.
    fn read(mut items: Items, stream: &[u8], size: usize) -> (Vec<String>, Option<String>) {
        let mut read = Vec::new();
        for piece in stream.chunks(size) {
            let (more, result) = items.push(piece, &hop());
            read.extend(more.into_iter().map(|item| String::from_utf8(item.head.to_vec()).unwrap()));
            if let Err(error) = result {
                return (read, Some(error.to_string()));
            }
        }
        (read, items.end().err().map(|error| error.to_string()))
    }

    #[test]
    fn events_in_pieces_of_any_size() {
        let stream = b": alive\ndata: {\"a\":1}\n\ndata: \"x\\ny\"\n\n";
        for size in 1..=stream.len() {
            let (items, error) = read(Items::Events(Events::default()), stream, size);
            assert_eq!((items, error), (vec![r#"{"a":1}"#.into(), r#""x\ny""#.into()], None), "{size}");
        }
    }

    #[test]
    fn an_error_ends_the_events() {
        let stream =
            b"data: 1\n\nevent: error\ndata: {\"error\":\"no more\",\"kind\":\"service\",\"code\":\"spent\"}\n\n";
        let (items, error) = read(Items::Events(Events::default()), stream, 1000);
        assert_eq!((items, error.as_deref()), (vec!["1".into()], Some("Peer.m: no more")));
        let (_, cut) = read(Items::Events(Events::default()), b"data: 1\n\ndata: {\"a\"", 1000);
        assert!(cut.unwrap().contains("in the middle of an item"));
    }

    #[test]
    fn texts_are_cut_between_letters() {
        let stream = "wörd-0 wörd-1".as_bytes();
        for size in 1..=stream.len() {
            let (items, error) = read(Items::Text(BytesMut::new()), stream, size);
            let text: String = items.iter().map(|item| serde_json::from_str::<String>(item).unwrap()).collect();
            assert_eq!((text.as_str(), error), ("wörd-0 wörd-1", None), "{size}");
        }
        assert!(read(Items::Text(BytesMut::new()), b"a\xff", 9).1.unwrap().contains("not UTF-8"));
        assert!(read(Items::Text(BytesMut::new()), b"a\xc3", 9).1.unwrap().contains("in the middle"));
    }

    #[test]
    fn values_need_nothing_between_them() {
        let stream = br#"{"i": 0}{"i": 1}[2,"}"]"four""#;
        for size in 1..=stream.len() {
            let (items, error) = read(Items::Values(Values::default()), stream, size);
            assert_eq!(items, [r#"{"i": 0}"#, r#"{"i": 1}"#, r#"[2,"}"]"#, r#""four""#], "{size}");
            assert_eq!(error, None);
        }
        let numbers = |pieces: &[&[u8]]| {
            let mut items = Items::Values(Values::default());
            pieces.iter().map(|piece| items.push(piece, &hop()).0.len()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&[b"1", b"2", b"true"]), [1, 1, 1]);
        assert!(read(Items::Values(Values::default()), b"{\"i\": 0}{\"i\"", 100).1.unwrap().contains("in the middle"));
        let garbage = read(Items::Values(Values::default()), b"Internal Server Error", 100);
        assert_eq!(garbage, (vec!["Internal".into(), "Server".into(), "Error".into()], None), "no item of any type");
    }
}
