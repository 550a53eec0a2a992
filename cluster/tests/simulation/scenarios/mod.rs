//! What goes wrong in each kind of simulation.

mod drains;
mod glitches;
mod one_way;
mod partitions;
mod resets;
mod restarts;
mod slow_links;
mod storms;

use std::ops::Range;
use std::time::Duration;

use crate::faults::Fault;
use crate::world::{CLIENTS, FAULTS, SERVERS};

/// A kind of simulation.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Whether nothing goes wrong but that nodes leave in good order.
    pub(crate) gentle: bool,
    /// What goes wrong, and when, as the seed wants it.
    pub(crate) faults: fn(&mut fastrand::Rng) -> Faults,
}

/// What goes wrong, and how long after the beginning.
pub(crate) type Faults = Vec<(Duration, Fault)>;

/// All of them.
pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario("resets", resets::faults),
    scenario("partitions", partitions::faults),
    scenario("one_way", one_way::faults),
    scenario("slow_links", slow_links::faults),
    scenario("glitches", glitches::faults),
    scenario("restarts", restarts::faults),
    Scenario { gentle: true, ..scenario("drains", drains::faults) },
    scenario("storms", storms::faults),
];

const fn scenario(name: &'static str, faults: fn(&mut fastrand::Rng) -> Faults) -> Scenario {
    Scenario { name, gentle: false, faults }
}

/// So many faults, each at any moment.
fn scattered(
    rng: &mut fastrand::Rng,
    count: Range<usize>,
    mut fault: impl FnMut(&mut fastrand::Rng) -> Fault,
) -> Faults {
    let count = rng.usize(count);
    (0..count).map(|_| (Duration::from_millis(rng.u64(..FAULTS.as_millis() as u64)), fault(rng))).collect()
}

/// A time, in milliseconds.
fn ms(rng: &mut fastrand::Rng, range: Range<u64>) -> Duration {
    Duration::from_millis(rng.u64(range))
}

fn server(rng: &mut fastrand::Rng) -> usize {
    rng.usize(..SERVERS)
}

/// A server and another host.
fn pair(rng: &mut fastrand::Rng) -> (usize, usize) {
    let server = server(rng);
    let other = (server + 1 + rng.usize(..SERVERS + CLIENTS - 1)) % (SERVERS + CLIENTS);
    (server, other)
}
