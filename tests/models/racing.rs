//! Processes that add and remove at the same time.

use std::process::Output;

use crate::bench::{Bench, text};

/// Starts all of them, then waits for all.
fn at_once(bench: &Bench, commands: &[Vec<String>]) -> Vec<Output> {
    let start = |arguments: &Vec<String>| {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        bench.command(&arguments).spawn().unwrap()
    };
    let children: Vec<_> = commands.iter().map(start).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

fn add(model: &str, from: &str) -> Vec<String> {
    ["add", model, "--from", from].map(str::to_owned).into()
}

#[test]
fn one_of_two_with_the_same_version_wins_and_the_other_is_told() {
    const VERSIONS: usize = 6;
    let bench = Bench::new();
    for from in ["a", "b"] {
        (0..20).for_each(|file| drop(bench.write(&format!("{from}/{file}"), from.repeat(1000))));
    }
    let commands: Vec<_> =
        (0..VERSIONS).flat_map(|version| ["a", "b"].map(|from| add(&format!("busy:v{version}"), from))).collect();
    let outputs = at_once(&bench, &commands);
    for pair in outputs.chunks(2) {
        let lost: Vec<_> = pair.iter().filter(|output| !output.status.success()).collect();
        assert_eq!(lost.len(), 1, "{pair:?}");
        assert!(text(&lost[0].stderr).contains("is there already"), "{lost:?}");
    }
    let versions = bench.versions();
    assert_eq!((versions.len(), versions.iter().filter(|(_, latest)| *latest).count()), (VERSIONS, 1));
    bench.good(&["verify"]);
    assert!(!bench.everything("busy").iter().any(|name| name.starts_with(".incoming")));
}

#[test]
fn the_same_content_at_the_same_time_becomes_one_version() {
    let bench = Bench::new();
    bench.write("a/text", "text");
    let outputs = at_once(&bench, &vec![add("busy", "a"); 6]);
    assert!(outputs.iter().all(|output| output.status.success()), "{outputs:?}");
    assert_eq!(outputs.iter().filter(|output| text(&output.stdout).starts_with("added")).count(), 1);
    assert_eq!(bench.versions().len(), 1);
}

#[test]
fn removing_and_adding_do_not_disturb_each_other() {
    let bench = Bench::new();
    bench.write("a/text", "text");
    let versions: Vec<_> = (0..6).map(|version| format!("busy:v{version}")).collect();
    versions.iter().for_each(|version| drop(bench.good(&["add", version, "--from", "a"])));
    let remove = |version: &String| ["remove", version].map(str::to_owned).to_vec();
    let mut commands: Vec<_> = versions[..5].iter().map(remove).collect();
    commands.extend((6..10).map(|version| add(&format!("busy:v{version}"), "a")));
    let outputs = at_once(&bench, &commands);
    assert!(outputs[5..].iter().all(|output| output.status.success()), "{outputs:?}");
    let gone = outputs[..5].iter().filter(|output| output.status.success()).count();
    assert_eq!(bench.versions().len(), 10 - gone);
    assert_eq!(bench.versions().iter().filter(|(_, latest)| *latest).count(), 1);
    bench.good(&["verify"]);
}
