//! The id by which logs, answers and calls to others know a request.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// The header that brings an id and takes it back.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ones are not taken: an id is in every line of the log. A UUID has 36 characters.
const LENGTH_MAX: usize = 128;

/// The id of a request: the one that it brings, if that can stand in a log, else one made here.
#[derive(Clone, Debug)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let brought = headers.get(REQUEST_ID).filter(|id| is_sound(id.as_bytes()));
        Self(brought.cloned().unwrap_or_else(|| random(fastrand::u64(..))))
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.to_str().expect("only visible ASCII is taken")
    }

    pub(super) fn into_value(self) -> HeaderValue {
        self.0
    }
}

fn is_sound(id: &[u8]) -> bool {
    (1..=LENGTH_MAX).contains(&id.len()) && id.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'"')
}

/// 64 random bits in hexadecimal, as other servers of models write them.
fn random(number: u64) -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 16];
    for (index, digit) in text.iter_mut().enumerate() {
        *digit = DIGITS[((number >> (60 - 4 * index)) & 0xf) as usize];
    }
    HeaderValue::from_bytes(&text).expect("digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(id: &[u8]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_bytes(id).unwrap());
        RequestId::of(&headers).as_str().to_owned()
    }

    #[test]
    fn what_can_stand_in_a_log_is_taken() {
        for id in ["a", "5f0c1d8e-7b7a-4c40-9a53-5f5a3c6a3c11", "trace=1;x", &"a".repeat(LENGTH_MAX)] {
            assert_eq!(given(id.as_bytes()), id);
        }
        for id in [&b""[..], b"two words", b"tab\t", b"quo\"te", b"\xe9", &[b'a'; LENGTH_MAX + 1]] {
            assert_eq!(given(id).len(), 16, "{id:?}");
        }
    }

    #[test]
    fn a_random_one_has_all_its_digits() {
        assert_eq!(
            (random(0x0123_4567_89ab_cdef), random(1)),
            (HeaderValue::from_static("0123456789abcdef"), HeaderValue::from_static("0000000000000001"))
        );
    }
}
