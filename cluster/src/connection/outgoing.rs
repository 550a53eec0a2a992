//! What waits to be written to a connection. Pure.
//!
//! Short frames go into one buffer, which the writer swaps for an empty one and writes whole: however many callers there
//! are, they share one system call. Long bodies wait beside it and go out in chunks, each in its turn, with the short
//! frames of the meantime before them.

use std::collections::{BTreeMap, VecDeque};
use std::task::{Context, Waker};

use bytes::Bytes;
use playhouse_actors::Encoded;

use crate::wire::{CHUNK_HEADER, CHUNK_MAX, Chunk};

/// Callers wait while so many bytes of short frames have not been taken by the writer.
const FRAMES_ROOM: usize = 1 << 20;
/// Callers wait while so many bytes of long bodies have not been taken.
const BODIES_ROOM: usize = 64 << 20;
/// New calls of the peer are refused from here on: it does not read the answers to those that it has made.
const FRAMES_FULL: usize = 4 << 20;
/// The same for long bodies.
const BODIES_FULL: usize = 256 << 20;
/// A peer that does not even read refusals.
const FRAMES_LIMIT: usize = 8 << 20;
/// How many bytes of chunks are taken at once: what a short frame may have to wait for.
const BATCH_CHUNKS: usize = 2 * CHUNK_MAX;
/// A buffer that was longer once is not kept.
const SPARE_MAX: usize = 1 << 20;

/// Names a body that goes out in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyKey {
    pub(crate) id: u64,
    pub(crate) to_caller: bool,
}

/// What waits to be written.
#[derive(Default)]
pub(crate) struct Outgoing {
    /// Whole frames. Who adds one writes it here.
    pub(crate) frames: Vec<u8>,
    bodies: VecDeque<LongBody>,
    bodies_bytes: usize,
    /// How many bytes the writer has taken, ever.
    taken: u64,
    /// How many bytes the operating system has, ever.
    written: u64,
    waiting: BTreeMap<u64, Waker>,
    tickets: u64,
}

struct LongBody {
    key: BodyKey,
    /// Without empty parts.
    parts: VecDeque<Bytes>,
}

/// What the writer writes next: the frames, then the chunks.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) frames: Vec<u8>,
    pub(crate) chunks: Vec<([u8; CHUNK_HEADER], Bytes)>,
}

impl Outgoing {
    /// Where in the stream of bytes the last frame ends.
    pub(crate) fn position(&self) -> u64 {
        self.taken + self.frames.len() as u64
    }

    /// How many bytes the writer has taken.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// How many bytes the operating system has taken.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Notes that the operating system has taken so many bytes more.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.written += bytes as u64;
    }

    /// Queues the parts of a body that are not in its frame. False if there are none.
    pub(crate) fn push_body(&mut self, key: BodyKey, body: &Encoded, inline_parts: usize) -> bool {
        let parts = std::iter::once(&body.head).chain(&body.segments).skip(inline_parts);
        let parts: VecDeque<_> = parts.filter(|part| !part.is_empty()).cloned().collect();
        if parts.is_empty() {
            return false;
        }
        self.bodies_bytes += parts.iter().map(Bytes::len).sum::<usize>();
        self.bodies.push_back(LongBody { key, parts });
        true
    }

    /// Takes back what has not been taken of a body.
    pub(crate) fn withdraw(&mut self, key: BodyKey) {
        if let Some(index) = self.bodies.iter().position(|body| body.key == key)
            && let Some(body) = self.bodies.remove(index)
        {
            self.bodies_bytes -= body.parts.iter().map(Bytes::len).sum::<usize>();
        }
    }

    /// Whether a body has not been taken whole.
    pub(crate) fn has_body(&self, key: BodyKey) -> bool {
        self.bodies.iter().any(|body| body.key == key)
    }

    /// Whether there is anything to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.bodies.is_empty()
    }

    /// Whether a caller may add something.
    pub(crate) fn has_room(&self) -> bool {
        self.frames.len() < FRAMES_ROOM && self.bodies_bytes < BODIES_ROOM
    }

    /// Whether the peer has made so many calls without reading answers that it gets no more.
    pub(crate) fn is_full(&self) -> bool {
        self.frames.len() >= FRAMES_FULL || self.bodies_bytes >= BODIES_FULL
    }

    /// Whether the peer has gone on all the same.
    pub(crate) fn is_beyond_limit(&self) -> bool {
        self.frames.len() >= FRAMES_LIMIT
    }

    /// Has a caller woken when there may be room. `ticket` is its place among those who wait.
    pub(crate) fn wait(&mut self, ticket: &mut Option<u64>, cx: &Context<'_>) {
        let ticket = *ticket.get_or_insert_with(|| {
            self.tickets += 1;
            self.tickets
        });
        self.waiting.insert(ticket, cx.waker().clone());
    }

    /// Forgets a caller who waited.
    pub(crate) fn leave(&mut self, ticket: Option<u64>) {
        if let Some(ticket) = ticket {
            self.waiting.remove(&ticket);
        }
    }

    /// Those who wait, if there is room for some of them; or all, because there will never be any.
    pub(crate) fn admit(&mut self, all: bool) -> Vec<Waker> {
        match all || self.has_room() {
            true => std::mem::take(&mut self.waiting).into_values().collect(),
            false => Vec::new(),
        }
    }

    /// What to write next. `spare` becomes the new buffer; `sent` is told of each request whose end is in the batch.
    pub(crate) fn take(&mut self, mut spare: Vec<u8>, mut sent: impl FnMut(u64, u64)) -> Batch {
        spare.clear();
        if spare.capacity() > SPARE_MAX {
            spare = Vec::new();
        }
        let frames = std::mem::replace(&mut self.frames, spare);
        self.taken += frames.len() as u64;
        let mut chunks = Vec::new();
        let mut room = BATCH_CHUNKS;
        while room > 0
            && let Some(mut body) = self.bodies.pop_front()
        {
            let BodyKey { id, to_caller } = body.key;
            let bytes = body.next_chunk();
            let header = Chunk { id, to_caller, length: bytes.len() }.header();
            self.bodies_bytes -= bytes.len();
            self.taken += (CHUNK_HEADER + bytes.len()) as u64;
            room = room.saturating_sub(bytes.len());
            chunks.push((header, bytes));
            match body.parts.is_empty() {
                false => self.bodies.push_back(body),
                true if to_caller => {}
                true => sent(id, self.taken),
            }
        }
        Batch { frames, chunks }
    }

    /// Gives up everything that waits.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.bodies.clear();
        self.bodies_bytes = 0;
    }
}

impl LongBody {
    fn next_chunk(&mut self) -> Bytes {
        let Some(part) = self.parts.front_mut() else { return Bytes::new() };
        let chunk = part.split_to(part.len().min(CHUNK_MAX));
        if part.is_empty() {
            self.parts.pop_front();
        }
        chunk
    }
}

#[cfg(test)]
mod tests {
    use playhouse_actors::Codec;

    use super::*;

    fn request(id: u64) -> BodyKey {
        BodyKey { id, to_caller: false }
    }

    fn long(length: usize) -> Encoded {
        Encoded { codec: Codec::Raw, head: Bytes::from_static(b"head"), segments: vec![vec![7; length].into()] }
    }

    #[test]
    fn long_bodies_take_turns_and_short_frames_go_first() {
        let mut outgoing = Outgoing::default();
        assert!(outgoing.push_body(request(1), &long(3 * CHUNK_MAX), 1));
        assert!(outgoing.push_body(request(2), &long(CHUNK_MAX + 1), 1));
        let mut ends = Vec::new();
        let mut order = Vec::new();
        while !outgoing.is_empty() {
            outgoing.frames.extend_from_slice(b"short");
            let batch = outgoing.take(Vec::new(), |id, _| ends.push(id));
            assert_eq!(batch.frames, b"short");
            order.extend(batch.chunks.iter().map(|(header, bytes)| (header[8], bytes.len())));
        }
        let expected = [(1, CHUNK_MAX), (2, CHUNK_MAX), (1, CHUNK_MAX), (2, 1), (1, CHUNK_MAX)];
        assert_eq!(order, expected);
        assert_eq!(ends, [2, 1]);
    }

    #[test]
    fn a_request_ends_where_its_last_chunk_does() {
        let mut outgoing = Outgoing::default();
        outgoing.frames.extend_from_slice(&[0; 10]);
        assert_eq!(outgoing.position(), 10);
        outgoing.push_body(request(1), &long(5), 1);
        let mut ends = Vec::new();
        outgoing.take(Vec::new(), |id, end| ends.push((id, end)));
        assert_eq!(ends, [(1, 10 + CHUNK_HEADER as u64 + 5)]);
        assert_eq!(outgoing.position(), ends[0].1);
    }

    #[test]
    fn callers_wait_for_room_and_a_body_can_be_taken_back() {
        let mut outgoing = Outgoing::default();
        outgoing.push_body(request(1), &long(BODIES_ROOM), 1);
        assert!(!outgoing.has_room() && !outgoing.is_full());
        let (mut ticket, cx) = (None, Context::from_waker(Waker::noop()));
        outgoing.wait(&mut ticket, &cx);
        assert!(outgoing.admit(false).is_empty());
        outgoing.withdraw(request(1));
        assert!(outgoing.has_room() && outgoing.is_empty());
        assert_eq!(outgoing.admit(false).len(), 1);
    }
}
