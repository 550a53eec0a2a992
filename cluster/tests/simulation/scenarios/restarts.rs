//! Nodes end without a word, and come back as others.

use super::{Faults, ms, scattered, server};
use crate::faults::Fault;
use crate::world::{CLIENTS, SERVERS};

pub(super) fn faults(rng: &mut fastrand::Rng) -> Faults {
    scattered(rng, 1..8, fault)
}

pub(super) fn fault(rng: &mut fastrand::Rng) -> Fault {
    let host = if rng.u8(..4) == 0 { SERVERS + rng.usize(..CLIENTS) } else { server(rng) };
    Fault::Crash { host, lasts: ms(rng, 1..800) }
}
