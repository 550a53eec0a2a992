//! Values counted by size, in buckets with fixed bounds.

use std::sync::atomic::{AtomicU64, Ordering};

use super::bump;

/// Upper bounds for times, in nanoseconds: three in each decade from 50 us, below which a local call ends, to 60 s, the
/// timeout unless set. A quantile that is read from them is off by a factor of 2.5 at the most.
pub const TIME_BOUNDS: [u64; 19] = [
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
];

/// Upper bounds for the sizes of batches.
pub const BATCH_BOUNDS: [u64; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/// Values counted by size.
pub struct Histogram<const BOUNDS: usize> {
    bounds: &'static [u64; BOUNDS],
    counts: [AtomicU64; BOUNDS],
    beyond: AtomicU64,
    sum: AtomicU64,
}

impl<const BOUNDS: usize> Histogram<BOUNDS> {
    /// An empty one.
    #[must_use]
    pub fn new(bounds: &'static [u64; BOUNDS]) -> Self {
        let counts = std::array::from_fn(|_| AtomicU64::new(0));
        Self { bounds, counts, beyond: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }

    /// Counts a value. Only one thread may do so: the values of others are lost.
    pub(super) fn record(&self, value: u64) {
        bump(self.bucket(value), 1);
        bump(&self.sum, value);
    }

    /// Counts a value, also while other threads do.
    pub fn record_shared(&self, value: u64) {
        self.bucket(value).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    fn bucket(&self, value: u64) -> &AtomicU64 {
        // From the lower end: what is fast must cost little, what is slow does not notice.
        let bucket = self.bounds.iter().position(|&bound| value <= bound);
        bucket.map_or(&self.beyond, |bucket| &self.counts[bucket])
    }

    /// Adds its values to a snapshot with the same bounds.
    pub fn add_to(&self, stats: &mut HistogramStats) {
        let counts = self.counts.iter().chain([&self.beyond]).map(|count| count.load(Ordering::Relaxed));
        stats.counts.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        stats.sum = stats.sum.wrapping_add(self.sum.load(Ordering::Relaxed));
    }
}

/// A histogram at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramStats {
    /// The upper bounds of all buckets but the last, which has none; a value equal to a bound is below it.
    pub bounds: &'static [u64],
    /// How many values fell into each bucket, and into no lower one.
    pub counts: Vec<u64>,
    /// The sum of all values.
    pub sum: u64,
}

impl HistogramStats {
    /// One without values.
    #[must_use]
    pub fn new(bounds: &'static [u64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: 0 }
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_falls_below_the_bound_that_it_equals() {
        let histogram = Histogram::new(&BATCH_BOUNDS);
        for value in [0, 1, 2, 3, 1024, 1025, 9_999] {
            histogram.record(value);
        }
        let mut stats = HistogramStats::new(&BATCH_BOUNDS);
        histogram.add_to(&mut stats);
        assert_eq!(stats.counts, [2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!((stats.count(), stats.sum), (7, 1 + 2 + 3 + 1024 + 1025 + 9_999));
    }

    #[test]
    fn bounds_rise() {
        assert!(TIME_BOUNDS.is_sorted_by(|a, b| a < b) && BATCH_BOUNDS.is_sorted_by(|a, b| a < b));
    }
}
