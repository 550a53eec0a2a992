//! A simulation from its beginning to its end: faults, healing, full work, rest.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use turmoil::Sim;

use crate::faults::{Cure, Fault, LATENCY};
use crate::network::Network;
use crate::node::{LEAVE, Node, Orders};
use crate::oracle::{self, Oracle, Run};
use crate::report::{Remains, Report};
use crate::scenarios::Scenario;

/// How many nodes have the services, and how many only call them.
pub(crate) const SERVERS: usize = 3;
pub(crate) const CLIENTS: usize = 2;
const CALLERS: usize = 2;

/// How often the network moves.
const TICK: Duration = Duration::from_millis(2);

/// Nodes find each other.
const BEGINNING: Duration = Duration::from_millis(200);
/// Things go wrong.
pub(crate) const FAULTS: Duration = Duration::from_millis(2_000);
/// Nothing goes wrong any more: what was lost is noticed, and made again.
const HEALING: Duration = Duration::from_millis(1_500);
/// Everything has to work.
const FULL: Duration = Duration::from_millis(500);
/// The last calls end, and every node tells its load once more.
const REST: Duration = Duration::from_millis(1_400);
/// All nodes leave at once.
const LEAVING: Duration = Duration::from_millis(1_200);

/// The hosts of one simulation, and what is between them.
pub(crate) struct World<'a> {
    pub(crate) sim: Sim<'a>,
    pub(crate) network: Network,
    pub(crate) nodes: Vec<Rc<Node>>,
    addresses: Vec<IpAddr>,
    cures: Vec<(Duration, Cure)>,
}

/// Runs a scenario under a seed, on a thread of its own.
pub(crate) fn run(scenario: &Scenario, seed: u64) -> Report {
    drop(oracle::take());
    // Whatever is random in a node comes from here.
    fastrand::seed(seed);
    let mut world = World::new(seed);
    world.pass(BEGINNING);
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut faults = (scenario.faults)(&mut rng);
    faults.sort_by_key(|(at, _)| *at);
    world.suffer(faults);
    world.heal(scenario.gentle);
    world.pass(HEALING);
    let full = (world.sim.elapsed(), world.sim.elapsed() + FULL);
    world.pass(FULL);
    let remains = world.come_to_rest();
    let Oracle { calls, runs, trace } = oracle::take();
    let replicas = world.nodes.iter().filter(|node| node.serves).map(|node| node.name.clone()).collect();
    let mut runs_of = BTreeMap::<u64, Vec<Run>>::new();
    for run in runs {
        runs_of.entry(run.call).or_default().push(run);
    }
    Report { calls, runs: runs_of, trace, full, gentle: scenario.gentle, replicas, remains }
}

impl World<'_> {
    fn new(seed: u64) -> Self {
        let mut builder = turmoil::Builder::new();
        builder.simulation_duration(Duration::from_secs(3600)).tick_duration(TICK);
        builder.min_message_latency(LATENCY).max_message_latency(LATENCY).tcp_capacity(1 << 16);
        builder.rng_seed(seed).enable_random_order();
        let mut sim = builder.build();
        let network = Network::new(seed);
        let servers: Vec<_> = (0..SERVERS).map(|index| format!("server-{index}")).collect();
        let clients = (0..CLIENTS).map(|index| format!("client-{index}"));
        let names = servers.iter().cloned().chain(clients);
        let mut nodes = Vec::new();
        for (index, name) in names.enumerate() {
            let serves = index < SERVERS;
            let callers = if serves { 1 } else { CALLERS };
            let peers = servers.iter().filter(|peer| **peer != name).cloned().collect();
            let seed = seed ^ ((index as u64 + 1) << 48);
            let node = Node::new(name.clone(), serves, callers, peers, network.clone(), seed);
            nodes.push(Rc::clone(&node));
            sim.host(name, move || Rc::clone(&node).live());
        }
        let addresses = nodes.iter().map(|node| sim.lookup(node.name.as_str())).collect();
        Self { sim, network, nodes, addresses, cures: Vec::new() }
    }

    pub(crate) fn address(&self, host: usize) -> IpAddr {
        self.addresses[host]
    }

    /// Ends a node without a word.
    pub(crate) fn crash(&mut self, host: usize) {
        self.sim.crash(self.address(host));
        oracle::lost(&self.nodes[host].name, self.sim.elapsed());
    }

    /// Begins a new life of a node; ends the one that is there.
    pub(crate) fn start(&mut self, host: usize) {
        oracle::lost(&self.nodes[host].name, self.sim.elapsed());
        self.sim.bounce(self.address(host));
    }

    fn pass(&mut self, time: Duration) {
        let end = self.sim.elapsed() + time;
        while self.sim.elapsed() < end {
            self.sim.step().expect("a node starts");
        }
    }

    /// Lets things go wrong, each at its time, and come right again.
    fn suffer(&mut self, faults: Vec<(Duration, Fault)>) {
        let begin = self.sim.elapsed();
        let mut faults = faults.into_iter().peekable();
        while self.sim.elapsed() < begin + FAULTS {
            let now = self.sim.elapsed();
            while let Some((_, fault)) = faults.next_if(|(at, _)| begin + *at <= now) {
                if let Some((lasts, cure)) = fault.strike(self) {
                    self.cures.push((now + lasts, cure));
                }
            }
            let (due, later) = std::mem::take(&mut self.cures).into_iter().partition(|(at, _)| *at <= now);
            self.cures = later;
            let due: Vec<(Duration, Cure)> = due;
            due.iter().for_each(|(_, cure)| cure.apply(self));
            self.pass(TICK);
        }
    }

    /// Ends whatever still goes wrong; a node that leaves in good order may finish that.
    fn heal(&mut self, gentle: bool) {
        if gentle && !self.cures.is_empty() {
            self.pass(LEAVE * 3);
        }
        for (_, cure) in std::mem::take(&mut self.cures) {
            cure.apply(self);
        }
        self.network.heal();
    }

    /// Lets all calls end, looks what is left, and ends all nodes.
    fn come_to_rest(&mut self) -> Remains {
        self.nodes.iter().for_each(|node| node.stop_calling());
        self.pass(REST);
        self.nodes.iter().for_each(|node| node.order(Orders::Report));
        self.pass(Duration::from_millis(5));
        let lines = self.lines();
        self.nodes.iter().for_each(|node| node.order(Orders::Leave));
        self.pass(LEAVING);
        let rests = self.nodes.iter().map(|node| (node.name.clone(), node.rest.take())).collect();
        Remains { rests, lines, lines_after: self.lines() }
    }

    /// How many ends of connections each host has.
    fn lines(&self) -> Vec<(String, usize)> {
        let count = |(node, &address): (&Rc<Node>, _)| (node.name.clone(), self.network.count(address));
        self.nodes.iter().zip(&self.addresses).map(count).collect()
    }
}
