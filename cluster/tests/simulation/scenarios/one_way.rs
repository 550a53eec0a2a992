//! Nothing comes through from one host to another, and everything the other way.

use super::{Faults, ms, pair, scattered};
use crate::faults::Fault;

pub(super) fn faults(rng: &mut fastrand::Rng) -> Faults {
    scattered(rng, 1..8, fault)
}

pub(super) fn fault(rng: &mut fastrand::Rng) -> Fault {
    let (one, other) = pair(rng);
    let (from, to) = if rng.bool() { (one, other) } else { (other, one) };
    Fault::OneWay { from, to, lasts: ms(rng, 20..1_500) }
}
