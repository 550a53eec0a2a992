//! The headers of a request or of an answer.

use std::fmt;

/// The headers of a request or of an answer, in their order. Names are compared without regard to case.
///
/// All texts are in one piece of memory: copying the two dozen headers of a browser costs two allocations.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    bytes: Vec<u8>,
    /// Where the name and the value of each header end.
    ends: Vec<(usize, usize)>,
}

impl Headers {
    /// No headers yet, with room for `count` of them with `bytes` bytes of names and values.
    #[must_use]
    pub fn with_capacity(count: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(count) }
    }

    /// Adds a header, beside one of the same name if there is one. Nothing is checked: what a request brings has been
    /// read by a parser, what a method sets by [`Context::add_header`](crate::Context::add_header).
    pub fn append(&mut self, name: &str, value: &[u8]) {
        self.bytes.extend_from_slice(name.as_bytes());
        let name_end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((name_end, self.bytes.len()));
    }

    /// The value of a header, the first if there are several; `None` too if it is not UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// All values of a header, in their order.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let begins = std::iter::once(0).chain(self.ends.iter().map(|&(_, end)| end));
        begins.zip(&self.ends).map(|(begin, &(name_end, end))| {
            let name = std::str::from_utf8(&self.bytes[begin..name_end]).expect("appended as text");
            (name, &self.bytes[name_end..end])
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// The names alone: values may be secrets, and what is debugged may be logged.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(headers: I) -> Self {
        let mut all = Self::default();
        headers.into_iter().for_each(|(name, value)| all.append(name, value.as_bytes()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_values_keep_their_order() {
        let mut headers: Headers = [("Accept", "a"), ("x-empty", ""), ("ACCEPT", "b")].into_iter().collect();
        headers.append("x-latin", b"\xe9");
        assert_eq!((headers.get("accept"), headers.get("X-Empty"), headers.get("acc")), (Some("a"), Some(""), None));
        assert_eq!(headers.get_all("accept").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!((headers.get("x-latin"), headers.get_all("x-latin").count()), (None, 1));
        assert_eq!((headers.len(), headers.is_empty(), Headers::default().is_empty()), (4, false, true));
    }

    #[test]
    fn values_are_not_debugged() {
        let headers: Headers = [("authorization", "Bearer secret")].into_iter().collect();
        assert_eq!(format!("{headers:?}"), r#"["authorization"]"#);
    }
}
