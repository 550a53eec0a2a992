//! Chaos with real processes: replicas that are killed, stopped, hung and cut off under load, judged by what they and
//! their callers have written down.
//!
//! The programs under test are this one: with `PLAYHOUSE_CHAOS_ROLE` in its environment it is a replica or a caller,
//! otherwise it runs the tests. Those that cut networks need root, iproute2 and nftables; where they are skipped, it says
//! so.

#![allow(clippy::unwrap_used)]

mod crowd;
mod doctored;
mod journal;
mod network;
mod oracle;
mod process;
mod roles;
mod scenarios;
mod service;
mod stage;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use network::Network;

fn main() -> ExitCode {
    if roles::play() {
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let networks = Network::new(1).map(drop);
    if !arguments.list {
        tell_of_networks(&networks);
    }
    let anywhere = [scenarios::ANYWHERE, doctored::TESTS, crowd::TESTS].concat();
    let anywhere = anywhere.into_iter().map(|(name, test)| trial(name, test));
    let cut = scenarios::IN_NETWORKS.iter();
    let cut = cut.map(|&(name, test)| trial(name, test).with_ignored_flag(networks.is_err()));
    libtest_mimic::run(&arguments, anywhere.chain(cut).collect()).exit_code()
}

fn trial(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

/// Whether networks can be cut here; `tests/run` repeats it at its end.
#[expect(clippy::print_stdout, reason = "a test that is skipped silently would count as passed")]
fn tell_of_networks(networks: &Result<(), String>) {
    let count = scenarios::IN_NETWORKS.len();
    match networks {
        Ok(()) => println!("network namespaces: {count} scenarios are run in them"),
        Err(reason) => println!("network namespaces: NOT PERMITTED, {count} scenarios are SKIPPED: {reason}"),
    }
}
