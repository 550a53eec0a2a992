//! Nothing comes through between two hosts, until everything does: what TCP makes of a short cut.

use super::{Faults, ms, pair, scattered};
use crate::faults::Fault;

pub(super) fn faults(rng: &mut fastrand::Rng) -> Faults {
    scattered(rng, 2..20, fault)
}

pub(super) fn fault(rng: &mut fastrand::Rng) -> Fault {
    let most = if rng.u8(..4) == 0 { 1_500 } else { 300 };
    Fault::Hold { between: pair(rng), lasts: ms(rng, 5..most) }
}
