//! Everything at once.

use super::{Faults, drains, glitches, one_way, partitions, resets, restarts, scattered, slow_links};

pub(super) fn faults(rng: &mut fastrand::Rng) -> Faults {
    scattered(rng, 5..25, |rng| match rng.u8(..10) {
        0..3 => resets::fault(rng),
        3 => partitions::fault(rng),
        4 => one_way::fault(rng),
        5 | 6 => slow_links::fault(rng),
        7 => glitches::fault(rng),
        8 => restarts::fault(rng),
        _ => drains::fault(rng),
    })
}
