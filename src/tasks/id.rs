//! The name of one task.

use std::fmt;
use std::str::FromStr;

use super::clock::Timestamp;

/// The name of one task: 32 hexadecimal digits.
///
/// The first 48 bits are the moment of its making in milliseconds, so that tasks lie in the store in the order in which
/// they came. The other 80 come from the operating system: whoever has not been told an id does not find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskId(u128);

/// How many bits are random.
const RANDOM_BITS: u32 = 80;

impl TaskId {
    /// A new name.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub(super) fn new(now: Timestamp) -> Result<Self, getrandom::Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random[6..])?;
        Ok(Self(u128::from(now.millis()) << RANDOM_BITS | u128::from_be_bytes(random)))
    }

    /// As the store knows it.
    pub(super) fn from_number(number: u128) -> Self {
        Self(number)
    }

    /// For the store.
    pub(super) fn number(self) -> u128 {
        self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// What is no task's name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoTaskId;

impl FromStr for TaskId {
    type Err = NoTaskId;

    fn from_str(text: &str) -> Result<Self, NoTaskId> {
        let is_digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_digits {
            return Err(NoTaskId);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| NoTaskId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written_and_sort_by_their_time() {
        let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(1_001));
        let ids = [TaskId::new(early).unwrap(), TaskId::new(early).unwrap(), TaskId::new(late).unwrap()];
        assert_ne!(ids[0], ids[1]);
        assert!(ids[0] < ids[2] && ids[1] < ids[2]);
        for id in ids {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn anything_else_is_no_id() {
        for text in ["", "1", "+0000000000000000000000000000000", "g0000000000000000000000000000000", &"0".repeat(33)] {
            assert_eq!(text.parse::<TaskId>(), Err(NoTaskId), "{text}");
        }
    }
}
