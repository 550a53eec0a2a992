//! When a worker that has ended is started again: a pure decision, after Erlang's supervisors (restart intensity) with
//! exponential back-off and jitter.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::description::RestartPolicy;
use crate::group::RestartConfig;

/// How a worker ended, as far as its restart is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Failed before it had served anything: this counts towards the intensity.
    Failure,
    /// Panicked after it had served something. Bad input may be the cause, so it does not count: no client can bring a
    /// group down.
    Panic,
    /// The service said that it is not alive. This counts unless it had been well for a while.
    Unwell,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Start a new one after this pause.
    Restart { after: Duration },
    /// As `Restart`, at the longest pause: the intensity is exceeded.
    Exceeded { after: Duration },
    /// Leave the place empty.
    Leave,
}

/// The history of the failures on one worker's seat.
pub(crate) struct Restarts {
    config: RestartConfig,
    /// The failures within the last period, the oldest first; at most `max_restarts` + 1.
    failures: VecDeque<Instant>,
    /// How many failures followed each other without a healthy time between: the exponent of the pause.
    in_a_row: u32,
}

impl Restarts {
    pub(crate) fn new(config: RestartConfig) -> Self {
        Self { config, failures: VecDeque::new(), in_a_row: 0 }
    }

    /// Decides about a worker that has ended. `healthy_for`: how long it had been up. `jitter` is in `0.0..1.0`.
    pub(crate) fn decide(&mut self, ending: Ending, healthy_for: Duration, now: Instant, jitter: f64) -> Verdict {
        if healthy_for >= self.config.backoff_max {
            self.in_a_row = 0;
        }
        match (self.config.policy, ending) {
            (RestartPolicy::Never, _) | (RestartPolicy::Transient, Ending::Unwell) => Verdict::Leave,
            (_, Ending::Panic) => Verdict::Restart { after: Duration::ZERO },
            (_, Ending::Unwell) if healthy_for >= self.config.backoff_max => Verdict::Restart { after: Duration::ZERO },
            (_, Ending::Failure | Ending::Unwell) => self.failed(now, jitter),
        }
    }

    fn failed(&mut self, now: Instant, jitter: f64) -> Verdict {
        while self.failures.front().is_some_and(|&at| now.duration_since(at) >= self.config.period) {
            self.failures.pop_front();
        }
        let exceeded = self.failures.len() >= self.config.max_restarts as usize;
        if exceeded {
            // The history stays at its bound; the newest matters for how long it stays exceeded.
            self.failures.pop_front();
        }
        self.failures.push_back(now);
        if exceeded {
            return Verdict::Exceeded { after: jittered(self.config.backoff_max, jitter) };
        }
        let pause = self.config.backoff_min.saturating_mul(2_u32.saturating_pow(self.in_a_row));
        self.in_a_row = self.in_a_row.saturating_add(1);
        Verdict::Restart { after: jittered(pause.min(self.config.backoff_max), jitter) }
    }
}

/// Between half of the pause and all of it, so that workers that failed together do not come back together.
fn jittered(pause: Duration, jitter: f64) -> Duration {
    pause.mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restarts(policy: RestartPolicy) -> Restarts {
        Restarts::new(RestartConfig {
            policy,
            max_restarts: 3,
            period: Duration::from_secs(60),
            backoff_min: Duration::from_millis(100),
            backoff_max: Duration::from_secs(10),
        })
    }

    const NO_TIME: Duration = Duration::ZERO;
    const FULL: f64 = 1.0;

    fn after(ms: u64) -> Verdict {
        Verdict::Restart { after: Duration::from_millis(ms) }
    }

    #[tokio::test]
    async fn pauses_double_until_the_intensity_is_exceeded_and_a_period_later_begin_anew() {
        let mut restarts = restarts(RestartPolicy::Permanent);
        let now = Instant::now();
        let mut fail = |at: u64, healthy| {
            restarts.decide(Ending::Failure, Duration::from_secs(healthy), now + Duration::from_secs(at), FULL)
        };
        assert_eq!([fail(0, 0), fail(1, 0), fail(2, 0)], [after(100), after(200), after(400)]);
        assert_eq!(fail(3, 0), Verdict::Exceeded { after: Duration::from_secs(10) });
        assert_eq!(fail(13, 0), Verdict::Exceeded { after: Duration::from_secs(10) });
        assert_eq!(fail(100, 87), after(100), "a healthy time and an empty period");
    }

    #[tokio::test]
    async fn a_panic_after_service_never_counts() {
        let mut restarts = restarts(RestartPolicy::Permanent);
        let now = Instant::now();
        for _ in 0..100 {
            assert_eq!(restarts.decide(Ending::Panic, NO_TIME, now, FULL), after(0));
        }
    }

    #[tokio::test]
    async fn policies() {
        let now = Instant::now();
        let table = [
            (RestartPolicy::Permanent, Ending::Unwell, after(50)),
            (RestartPolicy::Permanent, Ending::Failure, after(50)),
            (RestartPolicy::Transient, Ending::Unwell, Verdict::Leave),
            (RestartPolicy::Transient, Ending::Panic, after(0)),
            (RestartPolicy::Never, Ending::Failure, Verdict::Leave),
            (RestartPolicy::Never, Ending::Panic, Verdict::Leave),
        ];
        for (policy, ending, verdict) in table {
            assert_eq!(restarts(policy).decide(ending, NO_TIME, now, 0.0), verdict, "{policy:?} {ending:?}");
        }
    }
}
