//! Two replicas and who calls them without pause, and what is done to them.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::journal::{self, Call, Moment, now};
use crate::network::{Cut, Network};
use crate::oracle::{Fault, History};
use crate::process::{Holds, PATIENCE, Process};

/// The replica that things are done to.
const VICTIM: usize = 0;
/// The other one.
const SURVIVOR: usize = 1;
/// How many nodes there are: the replicas, and who calls.
const NODES: usize = 4;
/// Where the caller is.
const CALLER: usize = 2;
/// Where another caller is, for a while.
const VISITOR: usize = 3;
/// How many calls a replica has to run until it is believed to take its part.
const SHARE: usize = 100;
/// How long a lost replica may go unnoticed: 3 s are promised, and this machine may be busy.
const NOTICE_MAX: Duration = Duration::from_secs(10);
/// How much memory a survivor may have more in the end: what allocators keep, and far less than a call each would leave.
const GROWTH_MAX_KIB: u64 = 32 << 10;
/// How many files a survivor may have more in the end.
const FILES_MAX: usize = 2;

/// How often files are looked at that others write.
const LOOK: Duration = Duration::from_millis(20);

/// How nodes reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Loopback,
    Unix,
    Network,
}

/// Two replicas and a caller, of which one replica comes to harm.
pub(crate) struct Stage {
    name: String,
    replicas: Vec<Process>,
    addresses: Vec<String>,
    caller: Process,
    /// What survivors held before anything happened.
    held: [Holds; 2],
    faults: Vec<Fault>,
    /// Calls of others that have ended, and those that never will.
    visits: (Vec<Call>, Vec<u64>),
    figures: Vec<String>,
    // After the processes, which are in them.
    network: Option<Network>,
    folder: TempDir,
}

impl Stage {
    /// Starts all of them, and waits until each replica takes its part.
    pub(crate) fn start(name: &str, place: Place) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let network = (place == Place::Network).then(|| Network::new(NODES).unwrap());
        let listen = |index: usize| match (place, &network) {
            (Place::Network, Some(network)) => format!("{}:7001", network.host(index)),
            (Place::Unix, _) => format!("unix:@playhouse-chaos-{}-{name}-{index}", std::process::id()),
            _ => "127.0.0.1:0".into(),
        };
        let start = |index: usize| replica(&folder, network.as_ref(), index, &listen(index));
        let replicas = vec![start(VICTIM), start(SURVIVOR)];
        let addresses: Vec<_> = replicas.iter().map(|replica| replica.says("listening ")).collect();
        let caller = caller(&folder, network.as_ref(), CALLER, &addresses);
        let held = [caller.holds(), replicas[SURVIVOR].holds()];
        let name = name.to_owned();
        let (faults, visits, figures) = Default::default();
        let mut stage = Self { name, replicas, addresses, caller, held, faults, visits, figures, network, folder };
        (0..2).for_each(|_| drop(stage.caller.says("up ")));
        stage.shares(VICTIM);
        stage.shares(SURVIVOR);
        stage.held = stage.holds();
        stage
    }

    /// Does something to the victim after which it is lost, and waits until the caller knows. Then everything goes to the
    /// other one.
    pub(crate) fn loses_victim(&mut self, fault: impl FnOnce(&mut Self)) {
        let from = now();
        fault(self);
        let until = self.told("down ");
        let after = Duration::from_micros(until - from);
        assert!(after < NOTICE_MAX, "{}: noticed after {after:?}\n{}", self.name, self.logs());
        self.faults.push(Fault { from, until });
        self.figures.push(format!("noticed after {after:.2?}"));
        self.shares(SURVIVOR);
    }

    /// Does something after which the victim can take its part again, and waits until it does.
    pub(crate) fn finds_victim(&mut self, heal: impl FnOnce(&mut Self)) {
        let from = now();
        heal(self);
        let after = Duration::from_micros(self.told("up ").saturating_sub(from));
        self.figures.push(format!("found again after {after:.2?}"));
        self.shares(VICTIM);
        self.shares(SURVIVOR);
    }

    /// Another caller comes, and vanishes in the middle of its calls. Waits until the replicas hold no more than before.
    pub(crate) fn is_visited(&mut self, vanish: impl FnOnce(&mut Self, &mut Process)) {
        let files = |stage: &Self| [VICTIM, SURVIVOR].map(|index| stage.replicas[index].holds().files);
        let before = files(self);
        let mut visitor = caller(&self.folder, self.network.as_ref(), VISITOR, &self.addresses);
        (0..2).for_each(|_| drop(visitor.says("up ")));
        let calls = |stage: &Self| journal::calls(&stage.path(&caller_name(VISITOR)));
        self.until("another caller makes its calls", || calls(self).len() >= SHARE);
        assert!(files(self) > before, "it has connections");
        let from = now();
        vanish(self, &mut visitor);
        self.faults.push(Fault { from, until: now() });
        self.until("its connections are gone", || files(self) <= before);
        self.figures.push(format!("forgotten after {:.2?}", Duration::from_micros(now() - from)));
        let (ended, unended) = calls(self).into_iter().partition::<Vec<_>, _>(|call| !call.ends.is_empty());
        self.visits.0.extend(ended);
        self.visits.1.extend(unended.iter().map(|call| call.id));
        self.shares(VICTIM);
        self.shares(SURVIVOR);
    }

    /// Stops the victim for less time than makes it lost.
    pub(crate) fn pauses_victim(&mut self, time: Duration) {
        self.stop_victim();
        pause(time);
        self.continue_victim();
        self.shares(VICTIM);
        assert!(!self.caller.has_said("down "), "{}: it was lost\n{}", self.name, self.logs());
    }

    /// Waits until a replica has run its share once more.
    pub(crate) fn shares(&self, index: usize) {
        let ran = || journal::runs(&self.journal(index)).len();
        let enough = ran() + SHARE;
        self.until(&format!("replica {index} runs {SHARE} calls"), || ran() >= enough);
    }

    /// Ends the caller, and judges what was written down.
    pub(crate) fn finish(mut self) {
        self.caller.command("finish");
        self.caller.says("finished");
        let after = self.holds();
        self.caller.end_input();
        assert!(self.caller.wait().success(), "{}", self.logs());
        let runs = (0..2).flat_map(|index| journal::runs(&self.journal(index))).collect();
        let (mut calls, abandoned) = std::mem::take(&mut self.visits);
        calls.extend(journal::calls(&self.path(&caller_name(CALLER))));
        let history = History { calls, runs, abandoned, faults: std::mem::take(&mut self.faults) };
        let counts = history.judge().unwrap_or_else(|wrong| {
            let some = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
            panic!("{}: {} things are wrong, such as\n{some}\n{}", self.name, wrong.len(), self.logs())
        });
        self.report(&format!("{counts:?}"), after);
        for (before, after) in self.held.iter().zip(after) {
            assert!(after.memory_kib <= before.memory_kib + GROWTH_MAX_KIB, "{}: {before:?}, {after:?}", self.name);
            assert!(after.files <= before.files + FILES_MAX, "{}: {before:?}, {after:?}", self.name);
        }
    }

    /// Says what was measured, where it is seen whether or not the test fails.
    #[expect(clippy::print_stdout, reason = "figures are part of what this suite is for")]
    fn report(&self, counts: &str, after: [Holds; 2]) {
        let grown = |index: usize| after[index].memory_kib as i64 - self.held[index].memory_kib as i64;
        let figures = self.figures.join(", ");
        println!("{}: {figures}; {counts}; memory {:+} and {:+} KiB", self.name, grown(0), grown(1));
    }

    pub(crate) fn victim(&mut self) -> &mut Process {
        &mut self.replicas[VICTIM]
    }

    pub(crate) fn stop_victim(&mut self) {
        self.victim().signal(Signal::STOP);
    }

    pub(crate) fn continue_victim(&mut self) {
        self.victim().signal(Signal::CONT);
    }

    /// Starts the victim again where it was.
    pub(crate) fn restart_victim(&mut self) {
        let replica = replica(&self.folder, self.network.as_ref(), VICTIM, &self.addresses[VICTIM]);
        replica.says("listening ");
        self.replicas[VICTIM] = replica;
    }

    pub(crate) fn cut_victim(&mut self, cut: Cut) {
        self.network.as_ref().expect("it is in one").cut(VICTIM, cut);
    }

    pub(crate) fn heal_victim(&mut self) {
        self.network.as_ref().expect("it is in one").heal(VICTIM);
    }

    pub(crate) fn cut_visitor(&mut self) {
        self.network.as_ref().expect("it is in one").cut(VISITOR, Cut::BothWays);
    }

    /// When the caller says so of the victim.
    fn told(&self, words: &str) -> Moment {
        let said = self.caller.says(&format!("{words}{} ", self.addresses[VICTIM]));
        said.split(' ').next().and_then(|at| at.parse().ok()).expect("a moment comes first")
    }

    fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let end = now() + PATIENCE.as_micros() as u64;
        while !holds() {
            assert!(now() < end, "{}: waited in vain until {what}\n{}", self.name, self.logs());
            pause(LOOK);
        }
    }

    /// What the survivors hold: the caller, and the other replica.
    fn holds(&self) -> [Holds; 2] {
        [self.caller.holds(), self.replicas[SURVIVOR].holds()]
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn journal(&self, index: usize) -> PathBuf {
        self.path(&format!("replica{index}"))
    }

    fn logs(&self) -> String {
        self.replicas.iter().chain([&self.caller]).map(Process::log).collect()
    }
}

fn replica(folder: &TempDir, network: Option<&Network>, index: usize, listen: &str) -> Process {
    let (name, path) = (format!("replica{index}"), folder.path());
    let (journal, log) = (path.join(&name), path.join(format!("{name}.log")));
    let within = network.map(|network| network.on(index));
    Process::start(within, "replica", &[&name, listen, journal.to_str().unwrap()], &log)
}

fn caller(folder: &TempDir, network: Option<&Network>, node: usize, peers: &[String]) -> Process {
    let (name, path) = (caller_name(node), folder.path());
    let (journal, log) = (path.join(&name), path.join(format!("{name}.log")));
    let mut arguments = vec![journal.to_str().unwrap()];
    arguments.extend(peers.iter().map(String::as_str));
    Process::start(network.map(|network| network.on(node)), "caller", &arguments, &log)
}

fn caller_name(node: usize) -> String {
    format!("caller{node}")
}

/// Lets time pass for others: for those that are stopped meanwhile, or write what is looked at again.
#[expect(clippy::disallowed_methods, reason = "a thread of the test alone, for a time that is the scenario's own")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
