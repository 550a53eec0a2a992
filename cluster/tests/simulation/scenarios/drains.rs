//! Nodes finish what they have and leave, and come back as others.

use super::{Faults, ms, scattered, server};
use crate::faults::Fault;
use crate::node::LEAVE;

/// Each server leaves once at most: one that is told to while it is away would be ended without a word.
pub(super) fn faults(rng: &mut fastrand::Rng) -> Faults {
    let mut left = Vec::new();
    let mut faults = scattered(rng, 1..6, |rng| Fault::Leave { host: server(rng), lasts: LEAVE * 3 + ms(rng, 0..500) });
    faults.retain(|(_, fault)| {
        let Fault::Leave { host, .. } = *fault else { return true };
        let first = !left.contains(&host);
        left.push(host);
        first
    });
    faults
}

/// A node that leaves, and has a certain time for that.
pub(super) fn fault(rng: &mut fastrand::Rng) -> Fault {
    Fault::Leave { host: server(rng), lasts: ms(rng, 10..1_500) }
}
