//! What holds for any bytes and any frame: each property is one function, called by the tests of this crate and by its
//! fuzz target.

use super::{Frame, Malformed, PREFIX, Prefix};

/// Any bytes are frames, the beginning of one, or one error that says what is wrong; reading them always comes to an end
/// and never takes more memory than they are long.
///
/// # Panics
/// When it does not hold.
pub fn any_bytes_are_read_or_refused(bytes: &[u8]) {
    let mut rest = bytes;
    loop {
        match Frame::decode(rest) {
            Ok(Some((frame, length))) => {
                assert!(length >= PREFIX && length <= rest.len(), "{} of {length} bytes", frame.name());
                rest = &rest[length..];
            }
            Ok(None) => return needs_more(rest),
            Err(malformed) => return says_what_is_wrong(&malformed),
        }
    }
}

/// A frame that is cut anywhere is incomplete, not malformed: nothing is decided before all of it is there.
///
/// # Panics
/// When it does not hold.
pub fn a_cut_frame_is_incomplete(frame: &[u8], cut: usize) {
    let cut = cut % frame.len();
    assert_eq!(Frame::decode(&frame[..cut]), Ok(None), "cut at {cut} of {}", frame.len());
}

fn needs_more(rest: &[u8]) {
    let claimed = Prefix::decode(rest).expect("it was readable a moment ago");
    assert!(claimed.is_none_or(|prefix| rest.len() < PREFIX + prefix.length), "a whole frame was not read");
}

fn says_what_is_wrong(malformed: &Malformed) {
    assert!(!malformed.to_string().is_empty());
}
