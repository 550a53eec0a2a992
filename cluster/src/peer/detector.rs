//! Whether a peer still lives, by when it was last heard. Pure.
//!
//! Anything that it says is a sign of life. Who has been silent for a third of the limit is asked; who is silent for the
//! limit is dead. What a stopped process, a black hole and a half-open connection have in common is silence, so that
//! nothing else needs to be known about them.

use std::time::Duration;

use tokio::time::Instant;

/// Whether a peer still lives.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    limit: Duration,
    heard: Instant,
    asked: Option<Instant>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing before this moment.
    Wait(Instant),
    /// Ask for a sign of life.
    Ask,
    /// It is dead.
    Dead,
}

impl Detector {
    /// `limit` is how long a peer may be silent.
    pub(crate) fn new(limit: Duration, now: Instant) -> Self {
        Self { limit, heard: now, asked: None }
    }

    /// It has said something.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
    }

    /// What is to be done now.
    pub(crate) fn step(&mut self, now: Instant) -> Step {
        let dead = self.heard + self.limit;
        if now >= dead {
            return Step::Dead;
        }
        let ask = self.asked.unwrap_or(self.heard) + self.limit / 3;
        if now < ask {
            return Step::Wait(ask.min(dead));
        }
        self.asked = Some(now);
        Step::Ask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_is_asked_about_and_then_ends_it() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut detector = Detector::new(s(3), start);
        let table = [
            (s(0), Step::Wait(start + s(1))),
            (s(1), Step::Ask),
            (s(1), Step::Wait(start + s(2))),
            (s(2), Step::Ask),
            (s(2), Step::Wait(start + s(3))),
            (s(3), Step::Dead),
        ];
        for (after, expected) in table {
            assert_eq!(detector.step(start + after), expected, "after {after:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn anything_that_is_heard_is_a_sign_of_life() {
        let (start, s) = (Instant::now(), Duration::from_secs);
        let mut detector = Detector::new(s(3), start);
        assert_eq!(detector.step(start + s(2)), Step::Ask);
        detector.heard(start + s(2));
        assert_eq!(detector.step(start + s(4)), Step::Ask);
        assert_eq!(detector.step(start + s(5)), Step::Dead);
    }
}
