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
//! | 26 | 1 | length of the name of the service that calls; 0 for a program |
//! | 27 | 1 | length of the name of its method |
//! | 28 | | with flag 0x01, trace context as W3C has it: trace 16, span 8, flags 1, length of the state 2, state |
//! | | | with flag 0x02, the id of the request that the call is made for: length 1, text |
//! | | | the names of the service and of the method that call |
//! | | | the arguments, a body (`body.rs`) |

use playhouse_actors::{Codec, Encoded};

use super::body::{self, BodyView};
use super::cursor::Cursor;
use super::prefix::{Prefix, finish};
use super::{FRAME_MAX, INLINE_MAX, Malformed};

pub(super) const KIND: u8 = 16;
pub(super) const NAME: &str = "Request";
const TRACED: u8 = 0x01;
const FOR_REQUEST: u8 = 0x02;

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
    /// The service and the method that call, each cut at 255 bytes; empty for a program.
    pub caller: (&'a str, &'a str),
    /// The id of the request that the call is made for, cut at 255 bytes; empty if there is none.
    pub request_id: &'a str,
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
        let (service, method, request_id) = (short(self.caller.0), short(self.caller.1), short(self.request_id));
        let traced = if self.trace.is_some() { TRACED } else { 0 };
        let for_request = if request_id.is_empty() { 0 } else { FOR_REQUEST };
        let start = Prefix::begin(KIND, traced | for_request, body::small(body), out);
        out.extend_from_slice(&self.id.to_le_bytes());
        out.extend_from_slice(&self.remaining_us.to_le_bytes());
        out.extend_from_slice(&self.method.to_le_bytes());
        out.extend_from_slice(&self.credit.to_le_bytes());
        out.extend_from_slice(&[body::number_of(self.reply), self.attempt, service.len() as u8, method.len() as u8]);
        if let Some(trace) = &self.trace {
            trace.encode(out);
        }
        if !request_id.is_empty() {
            out.push(request_id.len() as u8);
            out.extend_from_slice(request_id.as_bytes());
        }
        out.extend_from_slice(service.as_bytes());
        out.extend_from_slice(method.as_bytes());
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
        let [reply, attempt, service, caller_method] = cursor.array("header")?;
        let reply = body::codec_of(reply).ok_or_else(|| cursor.meaningless("codec of the answer", reply))?;
        let trace = if prefix.flags & TRACED == 0 { None } else { Some(Trace::decode(&mut cursor)?) };
        let request_id = match prefix.flags & FOR_REQUEST {
            0 => "",
            _ => {
                let [length] = cursor.array("length of the request's id")?;
                text(&mut cursor, "request's id", length)?
            }
        };
        let caller = (text(&mut cursor, "caller", service)?, text(&mut cursor, "caller", caller_method)?);
        let body = BodyView::decode(cursor, prefix.small)?;
        let header = RequestHeader { id, remaining_us, method, credit, reply, attempt, caller, request_id, trace };
        Ok(Self { header, body })
    }
}

/// As much of a text as its length in one byte can say.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(u8::MAX.into())]
}

fn text<'a>(cursor: &mut Cursor<'a>, field: &'static str, length: u8) -> Result<&'a str, Malformed> {
    let bytes = cursor.bytes(field, length.into())?;
    str::from_utf8(bytes).map_err(|_| cursor.meaningless(field, "not UTF-8"))
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
