//! GoAway: the sender ends this connection, and says why. Kind 2.
//!
//! The first small field of the prefix is the reason's number. The second one is 1 if the sender has answered every call
//! that it has begun: those that it has not answered it never will begin. With flag 0x01, the payload begins with the
//! identifier of the last call of the other side that was begun, in 8 bytes, or 0: those that were made later certainly
//! were not. The rest is a text for people, 1 KiB at most.
//!
//! | number | reason |
//! |---|---|
//! | 1 | it goes: it has drained |
//! | 2 | no version of the protocol in common |
//! | 3 | it belongs to another cluster |
//! | 4 | the credentials do not suffice |
//! | 5 | what came is no frame of this protocol, or out of place |
//! | 6 | too much: of connections, or of bytes that nobody reads |
//! | 7 | it is the very node that dialled |
//! | 8 | it knows of no control connection for this data connection |

use super::Malformed;
use super::cursor::Cursor;
use super::prefix::{Prefix, finish};

pub(super) const KIND: u8 = 2;
pub(super) const NAME: &str = "GoAway";
const TEXT_MAX: usize = 1024;
const WITH_LAST: u8 = 0x01;

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoAway {
    /// Why, for programs.
    pub reason: Reason,
    /// Why, for people.
    pub text: String,
    /// Whether every call is answered that has begun.
    pub all_answered: bool,
    /// The last call that was begun of those that the other side made on this connection; 0 if none was.
    pub last: Option<u64>,
}

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
#[expect(missing_docs, reason = "the table above")]
pub enum Reason {
    Going = 1,
    Version = 2,
    Cluster = 3,
    Credentials = 4,
    Malformed = 5,
    TooMuch = 6,
    Myself = 7,
    NoControl = 8,
    /// One that this version does not know.
    Other = 255,
}

impl GoAway {
    /// A reason, and a text for people.
    pub fn new(reason: Reason, text: impl Into<String>) -> Self {
        let mut text: String = text.into();
        text.truncate(text.floor_char_boundary(TEXT_MAX));
        Self { reason, text, all_answered: false, last: None }
    }

    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let flags = if self.last.is_some() { WITH_LAST } else { 0 };
        let start = Prefix::begin(KIND, flags, [self.reason as u8, u8::from(self.all_answered)], out);
        if let Some(last) = self.last {
            out.extend_from_slice(&last.to_le_bytes());
        }
        out.extend_from_slice(self.text.as_bytes());
        finish(start, out);
    }

    pub(super) fn decode(prefix: &Prefix, payload: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(NAME, payload);
        let last = if prefix.flags & WITH_LAST == 0 { None } else { Some(cursor.u64("last call")?) };
        let text = cursor.rest();
        if text.len() > TEXT_MAX {
            return Err(Malformed::TooLong { kind: KIND, length: payload.len(), limit: TEXT_MAX });
        }
        // It goes into a log: a stranger's control characters do not.
        let text = String::from_utf8_lossy(text).replace(char::is_control, " ");
        Ok(Self { reason: Reason::of(prefix.small[0]), text, all_answered: prefix.small[1] == 1, last })
    }
}

impl Reason {
    fn of(number: u8) -> Self {
        const KNOWN: [Reason; 8] = [
            Reason::Going,
            Reason::Version,
            Reason::Cluster,
            Reason::Credentials,
            Reason::Malformed,
            Reason::TooMuch,
            Reason::Myself,
            Reason::NoControl,
        ];
        KNOWN.into_iter().find(|&reason| reason as u8 == number).unwrap_or(Reason::Other)
    }
}
