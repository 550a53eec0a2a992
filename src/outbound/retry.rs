//! Whether a call is made again, and when.

use std::time::Duration;

use playhouse_actors::{Error, ErrorKind};

/// How often a call is made at most.
const TRIES_MAX: u32 = 3;
/// The pause before the second try, unless the peer asks for another one; each later one is twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(20);

/// What is known of a call that has failed.
pub(super) struct Failed<'a> {
    pub(super) error: &'a Error,
    /// How often it has been made.
    pub(super) tries: u32,
    /// Whether running it twice does the same as running it once.
    pub(super) idempotent: bool,
    /// Whether the peer is known to be away: then it is not waited for.
    pub(super) away: bool,
    /// What is left of the call's time.
    pub(super) left: Duration,
}

impl Failed<'_> {
    /// The pause before the next try; `None` if there is to be none. `jitter` is from 0 to 1.
    pub(super) fn again_after(&self, jitter: f64) -> Option<Duration> {
        if self.tries >= TRIES_MAX || self.away || !self.may_be_made_again() {
            return None;
        }
        let pause = match self.error.kind() {
            // At least as long as the peer asks for, and not all at the same moment.
            ErrorKind::Overloaded { retry_after } if retry_after.is_zero() => return None,
            ErrorKind::Overloaded { retry_after } => retry_after.mul_f64(1.0 + jitter / 4.0),
            _ => (PAUSE_MIN * 2_u32.pow(self.tries - 1)).mul_f64(0.5 + jitter),
        };
        (pause < self.left).then_some(pause)
    }

    fn may_be_made_again(&self) -> bool {
        match self.error.kind() {
            ErrorKind::MayHaveRun { .. } => self.idempotent,
            // Whoever said that nobody is there has looked; only those who are about to come back are waited for.
            ErrorKind::Unavailable { .. } => false,
            _ => self.error.is_retryable() && self.error.proves_not_started(),
        }
    }
}

#[cfg(test)]
mod tests {
    use playhouse_actors::Hop;

    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn failed(kind: ErrorKind, change: impl FnOnce(&mut Failed<'_>)) -> Option<Duration> {
        let error = Error::new(kind);
        let mut failed = Failed { error: &error, tries: 1, idempotent: false, away: false, left: MS(10_000) };
        change(&mut failed);
        failed.again_after(0.5)
    }

    fn not_started() -> ErrorKind {
        ErrorKind::NotStarted { reason: "refused".into() }
    }

    fn lost() -> ErrorKind {
        ErrorKind::MayHaveRun { reason: "reset".into() }
    }

    #[test]
    fn only_what_cannot_have_run_is_made_again() {
        let overloaded = |ms| ErrorKind::Overloaded { retry_after: MS(ms) };
        assert_eq!(failed(not_started(), |_| ()), Some(MS(20)));
        assert_eq!(failed(not_started(), |failed| failed.tries = 2), Some(MS(40)));
        assert_eq!(failed(not_started(), |failed| failed.tries = 3), None);
        assert_eq!(failed(not_started(), |failed| failed.away = true), None);
        assert_eq!(failed(not_started(), |failed| failed.left = MS(20)), None);
        assert_eq!(failed(lost(), |_| ()), None);
        assert_eq!(failed(lost(), |failed| failed.idempotent = true), Some(MS(20)));
        assert_eq!(failed(ErrorKind::Draining, |_| ()), Some(MS(20)));
        assert_eq!(failed(overloaded(1000), |_| ()), Some(MS(1125)));
        assert_eq!(failed(overloaded(1000), |failed| failed.left = MS(1000)), None);
        assert_eq!(failed(overloaded(0), |_| ()), None, "it does not say when");
        assert_eq!(failed(ErrorKind::DeadlineExceeded, |_| ()), None);
        assert_eq!(failed(ErrorKind::Unavailable { reason: "down".into() }, |_| ()), None);
        let hop = Hop { service: "A".into(), method: "a".into(), replica: "r".into() };
        let behind = Error::new(ErrorKind::Draining).returned_by(hop);
        let behind = Failed { error: &behind, tries: 1, idempotent: false, away: false, left: MS(10_000) };
        assert_eq!(behind.again_after(0.5), None, "a method began, and met somebody who drains");
    }
}
