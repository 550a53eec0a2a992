//! When a replica that failed is left out, and when it is tried again. Pure.
//!
//! It is left out at its first failure, for a pause that grows from failure to failure. After that one call, and no other
//! one at the same time, finds out how it is: half open.

use std::time::Duration;

use tokio::time::Instant;

/// The first pause.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Whether a replica is called.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// The pause after the next failure.
    pause: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is called.
    In,
    /// It is left out until then.
    Out(Instant),
    /// One call finds out how it is.
    Probing,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::In, pause: PAUSE_MIN }
    }
}

impl Breaker {
    /// A call failed that is no probe. `random` is between 0 and 1: the pause is that far between its half and its whole.
    /// Whether the replica is left out from now on; calls that were on their way then say nothing new.
    pub(super) fn failed(&mut self, now: Instant, random: f64) -> bool {
        let is_news = self.state == State::In;
        if is_news {
            self.leave_out(now, random);
        }
        is_news
    }

    /// Whether a call may find out how the replica is: one at a time, after the pause.
    pub(super) fn may_probe(&mut self, now: Instant) -> bool {
        let may = matches!(self.state, State::Out(until) if now >= until);
        if may {
            self.state = State::Probing;
        }
        may
    }

    /// The probe failed.
    pub(super) fn probe_failed(&mut self, now: Instant, random: f64) {
        if self.state == State::Probing {
            self.leave_out(now, random);
        }
    }

    /// The probe ended without having found out anything: its caller has gone. The next call may be one.
    pub(super) fn probe_gave_up(&mut self, now: Instant) {
        if self.state == State::Probing {
            self.state = State::Out(now);
        }
    }

    /// A call succeeded that was made although the replica is left out.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    fn leave_out(&mut self, now: Instant, random: f64) {
        self.state = State::Out(now + self.pause.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0));
        self.pause = (self.pause * 2).min(PAUSE_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failure_leaves_it_out_and_one_probe_at_a_time_brings_it_back() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut breaker = Breaker::default();
        assert!(!breaker.may_probe(start), "there is nothing to find out");
        assert!(breaker.failed(start, 1.0));
        assert!(!breaker.failed(start + ms(99), 1.0), "the others of the moment are no news");
        assert!(!breaker.may_probe(start + ms(99)));
        assert!(breaker.may_probe(start + ms(100)));
        assert!(!breaker.may_probe(start + ms(100)), "one at a time");
        breaker.probe_failed(start + ms(110), 1.0);
        assert!(!breaker.may_probe(start + ms(309)), "the pause has doubled");
        assert!(breaker.may_probe(start + ms(310)));
        breaker.probe_gave_up(start + ms(320));
        assert!(breaker.may_probe(start + ms(320)), "whoever comes next finds out");
        breaker.succeeded();
        assert!(breaker.failed(start + ms(400), 0.0), "it was called again");
        assert!(breaker.may_probe(start + ms(450)), "the pauses begin anew, this one with its half");
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_to_a_limit() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        breaker.failed(now, 1.0);
        for _ in 0..20 {
            now += PAUSE_MAX;
            assert!(breaker.may_probe(now));
            breaker.probe_failed(now, 1.0);
        }
        assert!(!breaker.may_probe(now + PAUSE_MAX - Duration::from_millis(1)) && breaker.may_probe(now + PAUSE_MAX));
    }
}
