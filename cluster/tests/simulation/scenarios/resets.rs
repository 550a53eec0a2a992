//! Connections are reset: all between two hosts, or one of them in the middle of a frame.

use super::{Faults, pair, scattered};
use crate::faults::Fault;

pub(super) fn faults(rng: &mut fastrand::Rng) -> Faults {
    scattered(rng, 5..40, fault)
}

pub(super) fn fault(rng: &mut fastrand::Rng) -> Fault {
    let between = pair(rng);
    match rng.u8(..4) {
        0 => Fault::Reset { between, both_ends: rng.bool() },
        1 => Fault::Cut { between, which: rng.usize(..), bytes: rng.usize(..100) },
        _ => Fault::Cut { between, which: rng.usize(..), bytes: rng.usize(..50_000) },
    }
}
