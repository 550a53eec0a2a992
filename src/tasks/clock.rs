//! What time it is, in a form that outlives the process.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// A moment, in milliseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Timestamp(u64);

impl Timestamp {
    #[cfg(test)]
    pub(super) const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    pub(super) fn millis(self) -> u64 {
        self.0
    }

    /// The moment that is `span` later.
    pub(super) fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }

    /// How long it is until `later`; nothing if that has passed.
    pub(super) fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }
}

/// As BentoML writes it: `2026-11-23T04:46:37`, in UTC and to the second.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1000;
        let (year, month, day) = civil(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// The date of a day that is counted from 1970-01-01. By Howard Hinnant's `civil_from_days`
/// (howardhinnant.github.io/date_algorithms.html): years begin in March there, so that a leap day is the last.
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Says what time it is: by the machine's clock when it was made, and by tokio's from then on, which neither jumps nor
/// goes back, and stands still where a test wants it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    began: Timestamp,
    at: Instant,
}

impl Clock {
    /// Looks at the machine's clock.
    pub(super) fn new() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { began: Timestamp::default().after(since), at: Instant::now() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.began.after(self.at.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_dates() {
        let table = [
            (0, "1970-01-01T00:00:00"),
            (951_782_399_999, "2000-02-28T23:59:59"),
            (951_782_400_000, "2000-02-29T00:00:00"),
            (951_868_800_000, "2000-03-01T00:00:00"),
            (1_709_210_096_789, "2024-02-29T12:34:56"),
            (1_795_409_197_000, "2026-11-23T04:46:37"),
            (4_107_542_400_000, "2100-03-01T00:00:00"),
        ];
        for (millis, text) in table {
            assert_eq!(Timestamp::from_millis(millis).to_string(), text);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_goes_on_with_that_of_tokio() {
        let clock = Clock::new();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(before.until(clock.now()), Duration::from_secs(90));
    }
}
