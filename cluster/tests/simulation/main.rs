//! Whole nodes in a simulated network, on one thread and under a seed: callers that never stop, and things that go wrong.
//!
//! Each simulation is one scenario under one seed, and repeats itself: the same seed gives the same trace. Three nodes
//! serve and call, two only call. Things go wrong (`scenarios/`), then come right again; everything has to work; nobody calls
//! any more; all nodes leave. Then the invariants (`invariants/`) look at what the oracle has seen, outside of all nodes.
//! A failure shows the seed, and the command that brings it back.
//!
//! | variable | meaning |
//! |---|---|
//! | `PLAYHOUSE_SEEDS` | how many simulations there are, over all scenarios; 200 unless set |
//! | `PLAYHOUSE_SEED` | the first seed of each scenario; 1 unless set |
//!
//! # What it can find
//!
//! These bugs were put into the code on purpose, and found:
//!
//! | bug | found by | at |
//! |---|---|---|
//! | calls that were sent count as not started when their connection is lost (`calls.rs`, `lose`) | `run_once` | `resets`, seed 1 |
//! | calls that may have run are tried on another replica (`call/mod.rs`, `again`) | `run_once` | `resets`, seed 1 |
//! | one permit in sixteen is not given back (`group/running.rs`, `answer`) | `throughput`, `at_rest` | `resets`, seed 1 |
//! | a call whose caller has gone is not forgotten (`calls.rs`, `abandon`) | `at_rest` | `resets`, seed 1 |
//! | an answer goes to whichever call has the place of the one that it is for (`calls.rs`, `get`) | `answered` | `resets`, seed 1 |
//! | that a node which leaves has answered all is not heeded (`connection/mod.rs`, `end`) | `gentle` | `drains`, seed 19 |
//!
//! Not found, in a minute of `slow_links` and `storms`: what is half written goes on when its connection has ended
//! (`connection/mod.rs`, `hand_over`), since the other node stops reading within a latency. The chaos tests know that one. It
//! has one thread: races of several are beyond it. `invariants/doctored.rs` shows that each invariant can object.

#![allow(clippy::unwrap_used)]

mod callers;
mod faults;
mod invariants;
mod line;
mod network;
mod node;
mod oracle;
mod report;
mod scenarios;
mod seeds;
mod work;
mod world;

use std::panic;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::scenarios::SCENARIOS;

fn main() -> ExitCode {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str() != Some(work::PANIC) {
            tell(panic);
        }
    }));
    let seeds = seeds::wanted(SCENARIOS.len());
    let mut trials = vec![Trial::test("each_invariant_objects_to_what_it_forbids", invariants::objections)];
    for scenario in SCENARIOS {
        let seeds = seeds.clone();
        trials.push(Trial::test(scenario.name, move || seeds::hold(scenario, seeds)));
        trials.push(Trial::test(format!("{}_repeat_themselves", scenario.name), || seeds::repeat(scenario)));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
