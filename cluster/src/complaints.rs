//! How often strangers and lost peers are spoken of: a flood of them is no flood in the log. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// A period in which only so many lines are written.
const PERIOD: Duration = Duration::from_secs(10);
/// How many these are.
const LINES: u32 = 5;

/// Counts what is written, and what is not.
#[derive(Debug)]
pub(crate) struct Complaints {
    began: Instant,
    written: u32,
    left_out: u64,
}

impl Complaints {
    pub(crate) fn new(now: Instant) -> Self {
        Self { began: now, written: 0, left_out: 0 }
    }

    /// Whether to write a line: then how many were left out before it.
    pub(crate) fn next(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.began) >= PERIOD {
            (self.began, self.written) = (now, 0);
        }
        if self.written >= LINES {
            self.left_out += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_a_few_lines_and_a_count() {
        let start = Instant::now();
        let mut complaints = Complaints::new(start);
        let written = (0..1000).filter(|_| complaints.next(start).is_some()).count();
        assert_eq!(written, LINES as usize);
        assert_eq!(complaints.next(start + PERIOD), Some(1000 - u64::from(LINES)));
        assert_eq!(complaints.next(start + PERIOD), Some(0));
    }
}
