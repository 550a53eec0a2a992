//! How long to wait before the next attempt to connect. Pure.

use std::time::Duration;

/// How long a connection has to last so that the next attempt does not count as a repetition.
const HEALTHY: Duration = Duration::from_secs(10);

/// Pauses that grow, with jitter, so that those who lost the same node do not all come back at once.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self { min, max, next: min }
    }

    /// The pause after a connection that lasted so long, or never came about. `random` is between 0 and 1: the pause is
    /// that far between the half and the whole of what it has grown to.
    pub(crate) fn pause(&mut self, lasted: Duration, random: f64) -> Duration {
        if lasted >= HEALTHY {
            self.next = self.min;
        }
        let pause = self.next.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0);
        self.next = (self.next * 2).min(self.max);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_begin_anew_after_a_healthy_time() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(ms(50), ms(300));
        let pauses: Vec<_> = (0..5).map(|_| backoff.pause(Duration::ZERO, 1.0)).collect();
        assert_eq!(pauses, [50, 100, 200, 300, 300].map(ms));
        assert_eq!(backoff.pause(ms(9_999), 0.0), ms(150));
        assert_eq!(backoff.pause(HEALTHY, 0.0), ms(25));
    }
}
