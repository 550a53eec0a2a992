//! Nothing comes through between two hosts: for a moment, or for longer than silence is borne.

use super::{Faults, ms, pair, scattered};
use crate::faults::Fault;

pub(super) fn faults(rng: &mut fastrand::Rng) -> Faults {
    scattered(rng, 1..8, fault)
}

pub(super) fn fault(rng: &mut fastrand::Rng) -> Fault {
    Fault::Partition { between: pair(rng), lasts: ms(rng, 20..1_500) }
}
