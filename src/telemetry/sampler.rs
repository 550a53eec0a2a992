//! Which requests begin a recorded trace.

use playhouse_actors::TraceContext;

/// Decides about requests that belong to no trace. Those that do bring a decision with them, and it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sampler {
    /// The part of them that is recorded; `None` if spans go nowhere.
    ratio: Option<f64>,
}

impl Sampler {
    /// Records this part of the requests, from 0 to 1.
    pub(crate) fn new(ratio: f64) -> Self {
        Self { ratio: Some(ratio) }
    }

    /// A trace for a request that brings none, if spans go anywhere. `random` is any number from 0 up to 1. One that is
    /// not recorded is a trace too: whoever is called must not decide anew.
    pub(crate) fn begin(self, random: f64) -> Option<TraceContext> {
        self.ratio.map(|ratio| TraceContext::start(random < ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_requests_is_recorded() {
        let recorded = |ratio, random| Sampler::new(ratio).begin(random).map(|trace| trace.is_sampled());
        let table = [(1.0, 0.999, true), (0.0, 0.0, false), (0.25, 0.2, true), (0.25, 0.25, false)];
        for (ratio, random, expected) in table {
            assert_eq!(recorded(ratio, random), Some(expected), "{ratio} {random}");
        }
        assert_eq!(Sampler::default().begin(0.0), None);
    }
}
