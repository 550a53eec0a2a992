//! Simulations under many seeds.

use std::env;
use std::ops::Range;
use std::thread;

use libtest_mimic::Failed;

use crate::invariants;
use crate::report::Report;
use crate::scenarios::Scenario;
use crate::world;

/// How many simulations there are unless more are asked for.
const SEEDS: u64 = 200;
/// So many seeds of each scenario are run twice, to see whether they do the same.
const REPEATED: u64 = 1;

/// The seeds of each of so many scenarios.
pub(crate) fn wanted(scenarios: usize) -> Range<u64> {
    let first = variable("PLAYHOUSE_SEED").unwrap_or(1);
    let all = variable("PLAYHOUSE_SEEDS").unwrap_or(SEEDS);
    first..first.saturating_add(all.div_ceil(scenarios as u64))
}

fn variable(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}, a number is expected")))
}

/// Runs a scenario under each of these seeds, up to the first at which an invariant does not hold.
pub(crate) fn hold(scenario: &'static Scenario, seeds: Range<u64>) -> Result<(), Failed> {
    for seed in seeds {
        let report = run(scenario, seed)?;
        let violations = invariants::violations(&report);
        if !violations.is_empty() {
            return Err(format!("{}\n{}", violations.join("\n"), reproduce(scenario, seed)).into());
        }
    }
    Ok(())
}

/// Runs a scenario twice under each of a few seeds, which has to come to the same.
pub(crate) fn repeat(scenario: &'static Scenario) -> Result<(), Failed> {
    let first = variable("PLAYHOUSE_SEED").unwrap_or(1);
    for seed in first..first + REPEATED {
        let (one, other) = (run(scenario, seed)?.trace, run(scenario, seed)?.trace);
        let differs = one.iter().zip(&other).position(|(one, other)| one != other);
        if let Some(line) = differs {
            let before = one[line.saturating_sub(20)..line].join("\n  ");
            let (one, other) = (&one[line], &other[line]);
            return Err(format!(
                "the trace parts here:\n  {before}\none:\n  {one}\nother:\n  {other}\n{}",
                reproduce(scenario, seed)
            )
            .into());
        }
        if one.len() != other.len() {
            return Err(format!("{} and {} lines\n{}", one.len(), other.len(), reproduce(scenario, seed)).into());
        }
    }
    Ok(())
}

/// One simulation. It has a thread of its own, so that nothing is left of the one before.
fn run(scenario: &'static Scenario, seed: u64) -> Result<Report, Failed> {
    let simulation = thread::Builder::new().name(format!("{} {seed}", scenario.name));
    let simulation = simulation.spawn(move || world::run(scenario, seed)).expect("the system gives a thread");
    simulation.join().map_err(|_| format!("it panicked\n{}", reproduce(scenario, seed)).into())
}

fn reproduce(scenario: &Scenario, seed: u64) -> String {
    format!(
        "seed {seed}; again by:\n  PLAYHOUSE_SEED={seed} PLAYHOUSE_SEEDS=1 \
         cargo test -p playhouse-cluster --all-features --test simulation -- {} --exact",
        scenario.name
    )
}
