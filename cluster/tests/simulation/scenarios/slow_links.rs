//! What comes through does so late and little at a time, and now and then a connection is reset while much is waiting.

use super::{Faults, ms, pair, resets, scattered};
use crate::faults::Fault;

pub(super) fn faults(rng: &mut fastrand::Rng) -> Faults {
    let mut faults = scattered(rng, 3..15, fault);
    faults.extend(scattered(rng, 0..10, resets::fault));
    faults
}

pub(super) fn fault(rng: &mut fastrand::Rng) -> Fault {
    let (between, latency) = (pair(rng), ms(rng, 1..60));
    Fault::Slow { between, latency, rate: rng.usize(20..4_000), lasts: ms(rng, 100..1_500) }
}
