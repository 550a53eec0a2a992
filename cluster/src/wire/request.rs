//! Request: a call. Caller to callee; kind 16.
//!
//! | at | size | what |
//! |---|---|---|
//! | 0 | 8 | identifier of the call |
//! | 8 | 8 | time until nobody wants the answer, in microseconds |
//! | 16 | 4 | number of the method, from [`Announce`](super::Announce): it names a replica too |
//! | 20 | 4 | how many items may be sent before more [`Credit`](super::Credit) comes; 0 for a call that is answered once |
//! | 24 | 1 | how the answer is to be written |
//! | 25 | 1 | attempt: 0, then 1 more for each replica that was tried before |
//! | 26 | 1 | length of the caller's name |
//! | 27 | 1 | 0 |
//! | 28 | | with flag 0x01, trace context as W3C has it: trace 16, span 8, flags 1, length of the state 2, state |
//! | | | the caller's name: a service, or nothing for a program |
//! | | | the arguments, a body (`body.rs`) |

use playhouse_actors::{Codec, Encoded};

use super::body::{self, BodyView};
use super::cursor::Cursor;
use super::prefix::{Prefix, finish};
use super::{FRAME_MAX, INLINE_MAX, Malformed};

pub(super) const KIND: u8 = 16;
pub(super) const NAME: &str = "Request";
const TRACED: u8 = 0x01;

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Everything but the arguments.
    pub header: RequestHeader<'a>,
    /// The arguments.
    pub body: BodyView<'a>,
}

/// A call without its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHeader<'a> {
    /// The identifier that its caller chose.
    pub id: u64,
    /// The time until nobody wants the answer, in microseconds.
    pub remaining_us: u64,
    /// The number of the method.
    pub method: u32,
    /// How many items may be sent at first; 0 for a call that is answered once.
    pub credit: u32,
    /// How the answer is to be written.
    pub reply: Codec,
    /// How many replicas were tried before.
    pub attempt: u8,
    /// Who calls, cut at 255 bytes.
    pub caller: &'a str,
    /// Of which trace the call is a part.
    pub trace: Option<Trace<'a>>,
}

/// W3C trace context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace<'a> {
    /// The trace, the highest byte first.
    pub trace: [u8; 16],
    /// The span that the call is made in, the highest byte first.
    pub span: [u8; 8],
    /// The flags of `traceparent`.
    pub flags: u8,
    /// What `tracestate` says, cut at 512 bytes.
    pub state: &'a str,
}

/// W3C's limit of what has to be passed on.
const STATE_MAX: usize = 512;

impl RequestHeader<'_> {
    /// Writes the frame. How many parts of the body are in it; the others have to follow in chunks.
    pub fn encode(&self, body: &Encoded, out: &mut Vec<u8>) -> usize {
        let flags = if self.trace.is_some() { TRACED } else { 0 };
        let start = Prefix::begin(KIND, flags, body::small(body), out);
        let caller = &self.caller[..self.caller.floor_char_boundary(u8::MAX.into())];
        out.extend_from_slice(&self.id.to_le_bytes());
        out.extend_from_slice(&self.remaining_us.to_le_bytes());
        out.extend_from_slice(&self.method.to_le_bytes());
        out.extend_from_slice(&self.credit.to_le_bytes());
        out.extend_from_slice(&[body::number_of(self.reply), self.attempt, caller.len() as u8, 0]);
        if let Some(trace) = &self.trace {
            trace.encode(out);
        }
        out.extend_from_slice(caller.as_bytes());
        let inline = body::encode(body, out);
        finish(start, out);
        inline
    }
}

impl<'a> Request<'a> {
    pub(super) fn decode(prefix: &Prefix, payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(NAME, payload);
        let id = cursor.u64("identifier")?;
        let remaining_us = cursor.u64("deadline")?;
        let method = cursor.u32("method")?;
        let credit = cursor.u32("credit")?;
        let [reply, attempt, caller, _] = cursor.array("header")?;
        let reply = body::codec_of(reply).ok_or_else(|| cursor.meaningless("codec of the answer", reply))?;
        let trace = if prefix.flags & TRACED == 0 { None } else { Some(Trace::decode(&mut cursor)?) };
        let caller = cursor.bytes("caller", caller.into())?;
        let caller = str::from_utf8(caller).map_err(|_| cursor.meaningless("caller", "not UTF-8"))?;
        let body = BodyView::decode(cursor, prefix.small)?;
        let header = RequestHeader { id, remaining_us, method, credit, reply, attempt, caller, trace };
        Ok(Self { header, body })
    }
}

impl<'a> Trace<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        let Trace { trace, span, flags, state } = self;
        let state = &state[..state.floor_char_boundary(STATE_MAX)];
        out.extend_from_slice(trace);
        out.extend_from_slice(span);
        out.push(*flags);
        out.extend_from_slice(&(state.len() as u16).to_le_bytes());
        out.extend_from_slice(state.as_bytes());
    }

    fn decode(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let (trace, span) = (cursor.array("trace")?, cursor.array("span")?);
        let [flags] = cursor.array("trace flags")?;
        let length = cursor.u16("trace state")?;
        let state = cursor.bytes("trace state", length.into())?;
        let state = str::from_utf8(state).map_err(|_| cursor.meaningless("trace state", "not UTF-8"))?;
        Ok(Self { trace, span, flags, state })
    }
}

// Header, caller, lengths of segments and the inline part together never make a frame that is too long.
const _: () = assert!(28 + 27 + STATE_MAX + 255 + 4 * 257 + INLINE_MAX < FRAME_MAX);
