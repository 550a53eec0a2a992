//! Long byte strings of a [`Codec::Split`](crate::Codec::Split) body, which stand in segments beside it.
//!
//! serde has no way to hand a writer memory that it can keep: a tensor of a megabyte would be copied into the body, and
//! out of it again. So while such a body is written, [`Bytes`](crate::Bytes) leaves its memory in a list of this thread
//! and writes a placeholder; while one is read, it finds its memory by the placeholder.
//!
//! A placeholder is a byte string of 12 bytes: [`MARK`], then the segment's index, little-endian. A byte string that
//! happens to look like one is put beside the body too, however short it is, so that no placeholder is ever ambiguous.

use std::cell::RefCell;

use bytes::Bytes;

/// Below this, a copy costs less than a segment.
const SEGMENT_MIN: usize = 4096;
/// What has more byte strings than this keeps the rest inside.
const SEGMENTS_MAX: usize = 64;

const MARK: [u8; 8] = *b"\x00\xffplays\x00";
const PLACEHOLDER: usize = MARK.len() + 4;

thread_local! {
    /// `Some` while a body is written.
    static WRITTEN: RefCell<Option<Vec<Bytes>>> = const { RefCell::new(None) };
    /// `Some` while a body is read.
    static READ: RefCell<Option<Vec<Bytes>>> = const { RefCell::new(None) };
}

/// Puts back what was there, also when `work` panics.
struct Restore {
    list: &'static std::thread::LocalKey<RefCell<Option<Vec<Bytes>>>>,
    outer: Option<Vec<Bytes>>,
}

impl Restore {
    fn with(list: &'static std::thread::LocalKey<RefCell<Option<Vec<Bytes>>>>, segments: Vec<Bytes>) -> Self {
        Self { list, outer: list.replace(Some(segments)) }
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        self.list.set(self.outer.take());
    }
}

/// Runs `write`; gives what it returns, and the segments that were put meanwhile.
pub(crate) fn writing<T>(write: impl FnOnce() -> T) -> (T, Vec<Bytes>) {
    let _restore = Restore::with(&WRITTEN, Vec::new());
    let written = write();
    (written, WRITTEN.take().unwrap_or_default())
}

/// Runs `read`, for which these segments can be taken.
pub(crate) fn reading<T>(segments: &[Bytes], read: impl FnOnce() -> T) -> T {
    let _restore = Restore::with(&READ, segments.to_vec());
    read()
}

/// Puts `bytes` beside the body that is being written, if there is one and they are worth it: what to write instead.
pub(crate) fn put(bytes: &Bytes) -> Option<[u8; PLACEHOLDER]> {
    WRITTEN.with_borrow_mut(|written| {
        let segments = written.as_mut()?;
        let worth_it = bytes.len() >= SEGMENT_MIN && segments.len() < SEGMENTS_MAX;
        if !worth_it && index(bytes).is_none() {
            return None;
        }
        let index = u32::try_from(segments.len()).ok()?;
        segments.push(bytes.clone());
        let mut placeholder = [0; PLACEHOLDER];
        placeholder[..MARK.len()].copy_from_slice(&MARK);
        placeholder[MARK.len()..].copy_from_slice(&index.to_le_bytes());
        Some(placeholder)
    })
}

/// The segment that `bytes` stand for, if a body is being read and they are a placeholder.
///
/// # Errors
/// When there is no such segment.
pub(crate) fn take(bytes: &[u8]) -> Result<Option<Bytes>, String> {
    let Some(index) = index(bytes) else { return Ok(None) };
    READ.with_borrow(|read| {
        let Some(segments) = read else { return Ok(None) };
        let segment = usize::try_from(index).ok().and_then(|index| segments.get(index));
        segment.cloned().map(Some).ok_or_else(|| format!("segment {index} of {}", segments.len()))
    })
}

fn index(bytes: &[u8]) -> Option<u32> {
    let index = bytes.strip_prefix(&MARK)?;
    index.try_into().ok().map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::tensor::Tensor;
    use crate::{Bytes, Codec, Encoded};

    #[test]
    fn long_byte_strings_stand_beside_the_body_and_come_back_without_a_copy() {
        let tensor = Tensor::from_vec([2000], vec![1.5_f32; 2000]).unwrap();
        let small = Tensor::from_rows(&[[1.0_f32]]);
        let body = Encoded::encode(&(tensor.clone(), 7_u8, small.clone()), Codec::Split).unwrap();
        assert_eq!(body.segments.len(), 1);
        assert_eq!(body.segments[0].as_ptr(), tensor.bytes().as_ptr());
        let (back, seven, also): (Tensor, u8, Tensor) = body.decode().unwrap();
        assert_eq!((&back, seven, also), (&tensor, 7, small));
        assert_eq!(back.bytes().as_ptr(), tensor.bytes().as_ptr());
    }

    #[test]
    fn what_looks_like_a_placeholder_is_none() {
        let look_alike = Bytes::from(b"\x00\xffplays\x00\x00\x00\x00\x00");
        let body = Encoded::encode(&vec![look_alike.clone(), Bytes::from("x")], Codec::Split).unwrap();
        assert_eq!(body.segments.len(), 1);
        assert_eq!(body.decode::<Vec<Bytes>>().unwrap(), [look_alike.clone(), Bytes::from("x")]);
        // Elsewhere it is a byte string like any other.
        let plain = Encoded::encode(&look_alike, Codec::Msgpack).unwrap();
        assert_eq!(plain.decode::<Bytes>().unwrap(), look_alike);
    }

    #[test]
    fn a_segment_that_is_missing_is_said() {
        let mut body = Encoded::encode(&Bytes::from(vec![1; 5000]), Codec::Split).unwrap();
        body.segments.clear();
        let error = body.decode::<Bytes>().unwrap_err().to_string();
        assert!(error.contains("segment 0 of 0"), "{error}");
    }

    proptest! {
        #[test]
        fn any_byte_strings_come_back(strings in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6000), 0..80)) {
            let strings: Vec<Bytes> = strings.into_iter().map(Bytes::from).collect();
            let body = Encoded::encode(&strings, Codec::Split).unwrap();
            prop_assert_eq!(body.decode::<Vec<Bytes>>().unwrap(), strings);
        }
    }
}
