//! Who has been inside one and the same piece of user code for too long: a pure decision.

use std::time::Duration;

use tokio::time::Instant;

use crate::group::beat::Sighting;

/// What the watch remembers of one worker.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watch {
    /// What it was seen in, and since when.
    inside: Option<(Sighting, Instant)>,
}

impl Watch {
    /// Looks at a worker that is inside user code. If it has been there for `limit` or longer: for how long at least.
    pub(crate) fn look(&mut self, sighting: Sighting, limit: Duration, now: Instant) -> Option<Duration> {
        let since = match self.inside {
            Some((before, since)) if before == sighting => since,
            _ => now,
        };
        self.inside = Some((sighting, since));
        let stayed = now.duration_since(since);
        (stayed >= limit).then_some(stayed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_one_and_the_same_stay_counts() {
        let mut watch = Watch::default();
        let start = Instant::now();
        let limit = Duration::from_secs(1);
        let mut look = |crossings: u64, at_ms: u64| {
            watch.look(Sighting { crossings, method: 2 }, limit, start + Duration::from_millis(at_ms))
        };
        assert_eq!(look(1, 0), None);
        assert_eq!(look(3, 1000), None, "it has left and entered again");
        assert_eq!(look(5, 3000), None);
        assert_eq!(look(5, 4000), Some(limit));
    }
}
