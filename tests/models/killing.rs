//! The process ends before each of its changes to the disk, as by a crash: what others see is the old or the new.
//!
//! `PLAYHOUSE_TEST_STEPS=n` lets it make n changes and aborts it before the next one (`src/model/disk.rs`): no destructor
//! runs, and what it holds is let go by the kernel, as after a kill -9.

use crate::bench::{Bench, safetensors};

/// What `models list` shows.
type Seen = Vec<(String, bool)>;

/// Runs a command on stores prepared alike, ending it one change later each time until it comes through, and gives what
/// was seen after each end. After each, all versions are whole, the next add works, and nothing hidden is left.
fn kill_everywhere(prepare: fn(&Bench), arguments: &[&str]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for steps in 0.. {
        let bench = Bench::new();
        bench.write("old/text", "old");
        bench.write("new/text", "new");
        bench.write("new/sub/model.safetensors", safetensors());
        prepare(&bench);
        let output = bench.command(arguments).env("PLAYHOUSE_TEST_STEPS", steps.to_string()).output().unwrap();
        seen.push(bench.versions());
        let verified = bench.run(&["verify"]);
        assert!(verified.status.success(), "{steps}: {verified:?}");
        bench.good(&["add", "iris:9", "--from", "old"]);
        assert!(bench.versions().contains(&("iris:9".to_owned(), true)), "{steps}");
        let everything = bench.everything("iris");
        assert!(!everything.iter().any(|name| name.starts_with(".incoming")), "{steps}: {everything:?}");
        if output.status.success() {
            return seen;
        }
        assert_eq!(output.status.code(), None, "ended by a signal: {output:?}");
    }
    unreachable!("it has an end");
}

/// The different views, in the order in which they came, which is one way.
fn distinct(mut seen: Vec<Seen>) -> Vec<Seen> {
    seen.dedup();
    seen
}

fn see(versions: &[(&str, bool)]) -> Seen {
    versions.iter().map(|(version, latest)| ((*version).to_owned(), *latest)).collect()
}

fn one(bench: &Bench) {
    bench.good(&["add", "iris:1", "--from", "old"]);
}

fn two(bench: &Bench) {
    one(bench);
    bench.good(&["add", "iris:2", "--from", "new"]);
}

#[test]
fn the_first_version_is_there_or_not() {
    let seen = kill_everywhere(|_| {}, &["add", "iris:2", "--from", "new"]);
    assert!(seen.len() > 15, "{}", seen.len());
    assert_eq!(distinct(seen), [see(&[]), see(&[("iris:2", true)])]);
}

#[test]
fn a_second_version_is_there_or_not() {
    let seen = kill_everywhere(one, &["add", "iris:2", "--from", "new"]);
    assert!(seen.len() > 15, "{}", seen.len());
    let expected = [
        see(&[("iris:1", true)]),
        see(&[("iris:1", true), ("iris:2", false)]),
        see(&[("iris:1", false), ("iris:2", true)]),
    ];
    assert_eq!(distinct(seen), expected);
}

#[test]
fn a_removed_version_is_there_or_not() {
    let seen = kill_everywhere(two, &["remove", "iris:1"]);
    assert_eq!(distinct(seen), [see(&[("iris:1", false), ("iris:2", true)]), see(&[("iris:2", true)])]);
    let seen = kill_everywhere(two, &["remove", "iris:2", "--latest-to", "1"]);
    let expected = [
        see(&[("iris:1", false), ("iris:2", true)]),
        see(&[("iris:1", true), ("iris:2", false)]),
        see(&[("iris:1", true)]),
    ];
    assert_eq!(distinct(seen), expected);
}

#[test]
fn the_last_version_is_there_or_not() {
    let seen = kill_everywhere(one, &["remove", "iris:1"]);
    assert_eq!(distinct(seen), [see(&[("iris:1", true)]), see(&[])]);
}

#[test]
fn latest_is_the_one_or_the_other() {
    let seen = kill_everywhere(two, &["latest", "iris:1"]);
    assert_eq!(
        distinct(seen),
        [see(&[("iris:1", false), ("iris:2", true)]), see(&[("iris:1", true), ("iris:2", false)])]
    );
}
