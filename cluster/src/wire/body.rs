//! The part that [`Request`](super::Request), [`Reply`](super::Reply) and [`Item`](super::Item) have in common.
//!
//! A body has a codec, a head and segments; head and segments are its *parts*. In the frame's prefix the first small
//! field is the codec, the second the number of segments. In the frame:
//!
//! | size | what |
//! |---|---|
//! | 4 | how many bytes of the body are in this frame: whole parts, from the first on |
//! | 4 | length of the head |
//! | 4 each | lengths of the segments |
//! | | those parts that are in this frame, one after the other |
//!
//! The parts that are not there follow in [`Chunk`](super::Chunk)s; none of these crosses from one part into the next.
//! Codecs: 0 MessagePack, 1 JSON, 2 raw, 3 MessagePack with segments, 4 form.

use playhouse_actors::{Codec, Encoded};

use super::cursor::Cursor;
use super::{INLINE_MAX, Malformed};

/// A body as it is announced by its opening frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyView<'a> {
    /// How the parts are to be read.
    pub codec: Codec,
    /// The length of the head.
    head: u32,
    /// The lengths of the segments, 4 bytes each.
    segments: &'a [u8],
    /// The parts that are in the frame.
    pub inline: &'a [u8],
}

impl<'a> BodyView<'a> {
    /// The lengths of all parts: head, then segments.
    pub fn lengths(&self) -> impl Iterator<Item = usize> + use<'a> {
        let segments = self.segments.chunks_exact(4);
        let segments = segments.map(|length| u32::from_le_bytes(length.try_into().unwrap_or_default()));
        std::iter::once(self.head).chain(segments).map(|length| length as usize)
    }

    /// The length of all parts together.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.lengths().map(|length| length as u64).sum()
    }

    /// Whether nothing of it follows in chunks.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.inline.len() as u64 == self.length()
    }

    pub(super) fn decode(mut cursor: Cursor<'a>, [codec, segments]: [u8; 2]) -> Result<Self, Malformed> {
        let codec = codec_of(codec).ok_or_else(|| cursor.meaningless("codec", codec))?;
        let inline = cursor.u32("length in this frame")? as usize;
        let head = cursor.u32("length of the head")?;
        let segments = cursor.bytes("lengths of segments", 4 * usize::from(segments))?;
        let bytes = cursor.bytes("body", inline)?;
        let view = Self { codec, head, segments, inline: bytes };
        if !view.ends_with_a_part() {
            return Err(cursor.meaningless("length in this frame", format!("{inline}, within a part")));
        }
        Ok(view)
    }

    fn ends_with_a_part(&self) -> bool {
        let mut end = 0;
        self.inline.is_empty()
            || self.lengths().any(|length| {
                end += length as u64;
                end == self.inline.len() as u64
            })
    }
}

/// Whether a body can be written: its codec is one of the protocol's, it has few enough segments, and short enough ones.
#[must_use]
pub fn can_carry(body: &Encoded) -> bool {
    let mut parts = std::iter::once(&body.head).chain(&body.segments);
    codec_of(number_of(body.codec)).is_some()
        && body.segments.len() <= usize::from(u8::MAX)
        && parts.all(|part| u32::try_from(part.len()).is_ok())
}

/// The small fields of the prefix of a frame with this body.
pub(super) fn small(body: &Encoded) -> [u8; 2] {
    debug_assert!(can_carry(body), "asked for before a frame is made");
    [number_of(body.codec), body.segments.len() as u8]
}

/// How many parts of a body are in its opening frame.
pub(super) fn inline_parts(body: &Encoded) -> usize {
    let mut length = 0;
    let parts = std::iter::once(&body.head).chain(&body.segments);
    parts
        .map_while(|part| {
            length += part.len();
            (length <= INLINE_MAX).then_some(())
        })
        .count()
}

/// Writes the lengths, and the parts that are in the frame. How many parts these are.
pub(super) fn encode(body: &Encoded, out: &mut Vec<u8>) -> usize {
    let parts = || std::iter::once(&body.head).chain(&body.segments);
    let inline = inline_parts(body);
    let length: usize = parts().take(inline).map(|part| part.len()).sum();
    out.extend_from_slice(&(length as u32).to_le_bytes());
    parts().for_each(|part| out.extend_from_slice(&(part.len() as u32).to_le_bytes()));
    parts().take(inline).for_each(|part| out.extend_from_slice(part));
    inline
}

pub(super) fn number_of(codec: Codec) -> u8 {
    match codec {
        Codec::Msgpack => 0,
        Codec::Json => 1,
        Codec::Raw => 2,
        Codec::Split => 3,
        Codec::Form => 4,
        // A codec that the core has and the wire does not: a reader refuses it.
        _ => u8::MAX,
    }
}

pub(super) fn codec_of(number: u8) -> Option<Codec> {
    Some(match number {
        0 => Codec::Msgpack,
        1 => Codec::Json,
        2 => Codec::Raw,
        3 => Codec::Split,
        4 => Codec::Form,
        _ => return None,
    })
}
