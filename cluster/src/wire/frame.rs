//! Any frame, as it is read.

use super::prefix::{IGNORABLE, PREFIX, Prefix};
use super::{
    Announce, Cancel, Chunk, Credit, Drain, End, Failure, GoAway, Hello, Item, Load, Malformed, Ping, Pong, Reply,
    Request, Withdraw, announce, cancel, chunk, credit, drain, failure, go_away, hello, item, load, ping, reply,
    request,
};

/// A frame. What it borrows is the buffer that it was read from.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is the frame of that name")]
pub enum Frame<'a> {
    Hello(Hello),
    GoAway(GoAway),
    Ping(Ping),
    Pong(Pong),
    Announce(Announce),
    Withdraw(Withdraw),
    Load(Load),
    Drain(Drain),
    Request(Request<'a>),
    Reply(Reply<'a>),
    Failure(Failure),
    Item(Item<'a>),
    End(End),
    Credit(Credit),
    Cancel(Cancel),
    /// A chunk with its bytes.
    Chunk(Chunk, &'a [u8]),
    /// One that this version does not know, and may skip.
    Unknown(u8),
}

impl<'a> Frame<'a> {
    /// Reads the first frame in `bytes`, and says how long it is; `None` while it is not complete.
    ///
    /// # Errors
    /// When the bytes are no frame.
    pub fn decode(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, Malformed> {
        let Some(prefix) = Prefix::decode(bytes)? else { return Ok(None) };
        let Some(payload) = bytes.get(PREFIX..PREFIX + prefix.length) else { return Ok(None) };
        Ok(Some((Self::of(&prefix, payload)?, PREFIX + prefix.length)))
    }

    /// Reads a frame whose bytes are all there.
    ///
    /// # Errors
    /// When they are none.
    pub fn of(prefix: &Prefix, payload: &'a [u8]) -> Result<Self, Malformed> {
        Ok(match prefix.kind {
            hello::KIND => Self::Hello(Hello::decode(payload)?),
            go_away::KIND => Self::GoAway(GoAway::decode(prefix, payload)?),
            ping::KIND => Self::Ping(Ping::decode(payload)?),
            ping::PONG_KIND => Self::Pong(Pong::decode(payload)?),
            announce::KIND => Self::Announce(Announce::decode(payload)?),
            announce::WITHDRAW_KIND => Self::Withdraw(Withdraw::decode(payload)?),
            load::KIND => Self::Load(Load::decode(payload)?),
            drain::KIND => Self::Drain(Drain),
            request::KIND => Self::Request(Request::decode(prefix, payload)?),
            reply::KIND => Self::Reply(Reply::decode(prefix, payload)?),
            failure::KIND => Self::Failure(Failure::decode(prefix, payload)?),
            item::KIND => Self::Item(Item::decode(prefix, payload)?),
            item::END_KIND => Self::End(End::decode(payload)?),
            credit::KIND => Self::Credit(Credit::decode(payload)?),
            cancel::KIND => Self::Cancel(Cancel::decode(payload)?),
            chunk::KIND => Self::chunk(prefix, payload)?,
            kind if prefix.flags & IGNORABLE != 0 => Self::Unknown(kind),
            kind => return Err(Malformed::UnknownKind(kind)),
        })
    }

    /// Its name, for messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => hello::NAME,
            Self::GoAway(_) => go_away::NAME,
            Self::Ping(_) => ping::NAME,
            Self::Pong(_) => ping::PONG_NAME,
            Self::Announce(_) => announce::NAME,
            Self::Withdraw(_) => announce::WITHDRAW_NAME,
            Self::Load(_) => load::NAME,
            Self::Drain(_) => "Drain",
            Self::Request(_) => request::NAME,
            Self::Reply(_) => reply::NAME,
            Self::Failure(_) => failure::NAME,
            Self::Item(_) => item::NAME,
            Self::End(_) => item::END_NAME,
            Self::Credit(_) => credit::NAME,
            Self::Cancel(_) => cancel::NAME,
            Self::Chunk(..) => chunk::NAME,
            Self::Unknown(_) => "unknown",
        }
    }

    fn chunk(prefix: &Prefix, payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut head = [0; super::CHUNK_HEADER];
        let short = Malformed::Short { frame: chunk::NAME, field: "identifier" };
        let (id, bytes) = payload.split_first_chunk::<8>().ok_or(short)?;
        head[PREFIX..].copy_from_slice(id);
        let chunk = Chunk::decode(prefix, &head)?.expect("a head that is complete");
        Ok(Self::Chunk(chunk, bytes))
    }
}
