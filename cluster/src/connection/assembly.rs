//! A body on its way in, of which parts follow its frame. Pure.
//!
//! Each part that is not in the frame has a buffer of exactly its size, into which the reader reads: nothing of it is
//! copied again. Memory is taken when the first byte of a part comes, so that a body that is announced and never sent
//! costs nothing.

use bytes::{Bytes, BytesMut};
use playhouse_actors::{Codec, Encoded};

use crate::wire::BodyView;

/// A body on its way in.
pub(crate) struct Assembly {
    codec: Codec,
    /// The lengths of the parts that are still to come, the next one last.
    to_come: Vec<usize>,
    parts: Vec<Bytes>,
    current: BytesMut,
    length: u64,
}

impl Assembly {
    /// Begins with what is in the frame. `inline` is the memory that `view` shows.
    pub(crate) fn new(view: &BodyView<'_>, inline: Bytes) -> Self {
        let mut rest = inline;
        let mut parts = Vec::new();
        let mut to_come = Vec::new();
        for length in view.lengths() {
            match to_come.is_empty() && length <= rest.len() {
                true => parts.push(rest.split_to(length)),
                false => to_come.push(length),
            }
        }
        to_come.reverse();
        let length = view.length();
        let mut assembly = Self { codec: view.codec, to_come, parts, current: BytesMut::new(), length };
        assembly.settle();
        assembly
    }

    /// How long the whole body is.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Whether all of it is there.
    pub(crate) fn is_complete(&self) -> bool {
        self.to_come.is_empty()
    }

    /// How many bytes the current part still lacks.
    pub(crate) fn lacks(&self) -> usize {
        self.to_come.last().map_or(0, |length| length - self.current.len())
    }

    /// Where the next bytes belong. After they were put there, [`Assembly::settle`] has to be called.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        if self.current.capacity() == 0 {
            self.current = BytesMut::with_capacity(self.to_come.last().copied().unwrap_or_default());
        }
        &mut self.current
    }

    /// Goes on to the next part when the current one is complete.
    pub(crate) fn settle(&mut self) {
        while !self.to_come.is_empty() && self.lacks() == 0 {
            self.to_come.pop();
            self.parts.push(std::mem::take(&mut self.current).freeze());
        }
    }

    /// The body. Asked for when it is complete.
    pub(crate) fn finish(self) -> Encoded {
        debug_assert!(self.to_come.is_empty(), "asked for when it is complete");
        let mut parts = self.parts.into_iter();
        Encoded { codec: self.codec, head: parts.next().unwrap_or_default(), segments: parts.collect() }
    }
}

/// The body, if all of it is in the frame.
pub(crate) fn whole(view: &BodyView<'_>, inline: &Bytes) -> Option<Encoded> {
    if !view.is_whole() {
        return None;
    }
    let mut rest = inline.clone();
    let mut lengths = view.lengths();
    let head = rest.split_to(lengths.next().unwrap_or_default());
    Some(Encoded { codec: view.codec, head, segments: lengths.map(|length| rest.split_to(length)).collect() })
}
