//! What goes wrong in a simulation, and how it is undone.

use std::time::Duration;

use crate::network::RATE;
use crate::oracle;
use crate::world::World;

/// Something that goes wrong. Hosts are named by their places in [`World::nodes`].
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Every connection between two hosts is reset, at one end or at both.
    Reset { between: (usize, usize), both_ends: bool },
    /// One connection between two hosts is reset when so many more bytes were written on it.
    Cut { between: (usize, usize), which: usize, bytes: usize },
    /// Nothing comes through between two hosts.
    Partition { between: (usize, usize), lasts: Duration },
    /// Nothing comes through from one host to another.
    OneWay { from: usize, to: usize, lasts: Duration },
    /// Nothing comes through between two hosts until everything does.
    Hold { between: (usize, usize), lasts: Duration },
    /// What comes through between two hosts does so late, and little at a time.
    Slow { between: (usize, usize), latency: Duration, rate: usize, lasts: Duration },
    /// A node ends without a word, and another one takes its place.
    Crash { host: usize, lasts: Duration },
    /// A node finishes what it has and leaves, and another one takes its place.
    Leave { host: usize, lasts: Duration },
}

/// What ends a fault.
#[derive(Clone, Debug)]
pub(crate) enum Cure {
    Repair(usize, usize),
    RepairOneWay { from: usize, to: usize },
    Release(usize, usize),
    Hasten(usize, usize),
    Start(usize),
}

/// The latency of a link that is not slow.
pub(crate) const LATENCY: Duration = Duration::from_millis(1);

impl Fault {
    /// Lets it happen. What will end it, and after how long.
    pub(crate) fn strike(&self, world: &mut World<'_>) -> Option<(Duration, Cure)> {
        oracle::note_at(world.sim.elapsed(), &format!("{self:?}"));
        match *self {
            Fault::Reset { between, both_ends } => {
                reset(world, between, both_ends);
                None
            }
            Fault::Cut { between: (one, other), which, bytes } => {
                let lines = world.network.between(world.address(one), world.address(other));
                if let Some(line) = which.checked_rem(lines.len()).and_then(|index| lines.get(index)) {
                    line.cut_after(bytes);
                }
                None
            }
            Fault::Partition { between: (one, other), lasts } => {
                world.sim.partition(world.address(one), world.address(other));
                Some((lasts, Cure::Repair(one, other)))
            }
            Fault::OneWay { from, to, lasts } => {
                world.sim.partition_oneway(world.address(from), world.address(to));
                Some((lasts, Cure::RepairOneWay { from, to }))
            }
            Fault::Hold { between: (one, other), lasts } => {
                world.sim.hold(world.address(one), world.address(other));
                Some((lasts, Cure::Release(one, other)))
            }
            Fault::Slow { between: (one, other), latency, rate, lasts } => {
                world.sim.set_link_latency(world.address(one), world.address(other), latency);
                world.network.set_rate(world.address(one), world.address(other), rate);
                Some((lasts, Cure::Hasten(one, other)))
            }
            Fault::Crash { host, lasts } => {
                world.crash(host);
                Some((lasts, Cure::Start(host)))
            }
            Fault::Leave { host, lasts } => {
                world.nodes[host].order(crate::node::Orders::Leave);
                Some((lasts, Cure::Start(host)))
            }
        }
    }
}

impl Cure {
    pub(crate) fn apply(&self, world: &mut World<'_>) {
        oracle::note_at(world.sim.elapsed(), &format!("{self:?}"));
        match *self {
            Cure::Repair(one, other) => {
                world.sim.repair(world.address(one), world.address(other));
                reset(world, (one, other), true);
            }
            Cure::RepairOneWay { from, to } => {
                world.sim.repair_oneway(world.address(from), world.address(to));
                reset(world, (from, to), true);
            }
            Cure::Release(one, other) => world.sim.release(world.address(one), world.address(other)),
            Cure::Hasten(one, other) => {
                world.sim.set_link_latency(world.address(one), world.address(other), LATENCY);
                world.network.set_rate(world.address(one), world.address(other), RATE);
            }
            Cure::Start(host) => world.start(host),
        }
    }
}

/// Resets all connections between two hosts. After a partition this stands for what TCP does that has given up: a stream
/// of turmoil never recovers from a segment that was lost, where TCP sends it again.
fn reset(world: &World<'_>, (one, other): (usize, usize), both_ends: bool) {
    let mut connections = Vec::new();
    for line in world.network.between(world.address(one), world.address(other)) {
        if both_ends || !connections.contains(&line.connection()) {
            connections.push(line.connection());
            line.reset();
        }
    }
}
