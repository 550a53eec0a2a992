//! What there is, what is wrong with it, and what is said to those who mistype.

use std::fs;

use crate::bench::Bench;

fn with_models() -> Bench {
    let bench = Bench::new();
    bench.write("a/text", "first");
    bench.good(&["add", "iris:1", "--from", "a", "-l", "stage=test"]);
    bench.write("a/text", "second, longer");
    bench.good(&["add", "iris:2", "--from", "a"]);
    bench.good(&["add", "minilm:1", "--from", "a"]);
    bench
}

#[test]
fn all_versions_are_listed() {
    let bench = Bench::new();
    let nothing = bench.good(&["list"]);
    assert!(
        nothing.starts_with("no models in ") && nothing.contains("playhouse models add NAME --from PATH"),
        "{nothing}"
    );
    assert_eq!(bench.json(&["list"]), serde_json::json!([]));

    let bench = with_models();
    let listed = bench.good(&["list"]);
    let lines: Vec<Vec<_>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["model", "version", "size", "created", "labels"]);
    assert_eq!((&lines[1][..4], lines[1][5]), (&["iris", "1", "5", "B"][..], "stage=test"));
    assert_eq!(lines[2][..5], ["iris", "2", "latest", "14", "B"]);
    assert_eq!(bench.good(&["list", "minilm"]).lines().count(), 2);
    let json = bench.json(&["list", "iris"]);
    assert_eq!(
        (&json[0]["bytes"], &json[0]["labels"]["stage"], &json[1]["latest"]),
        (&5.into(), &"test".into(), &true.into())
    );
}

#[test]
fn what_was_put_there_by_hand_is_listed_and_not_verified() {
    let bench = with_models();
    // As BentoML lays out its own.
    let folder = bench.models().join("bento/abc");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("model.yaml"), "name: bento").unwrap();
    fs::write(bench.models().join("bento/latest"), "abc").unwrap();
    fs::write(bench.models().join("iris/1/.manifest.json"), "{").unwrap();
    assert!(bench.good(&["list"]).contains("(no manifest)"));
    assert!(bench.good(&["list"]).contains("(a manifest that cannot be read)"));
    assert!(bench.good(&["show", "bento"]).contains("no manifest"));
    let output = bench.run(&["verify"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("bento:abc: has no manifest to compare with") && told.contains("iris:2: whole"), "{told}");
    assert!(told.contains(".manifest.json is no manifest: EOF"), "{told}");
    assert!(String::from_utf8(output.stderr).unwrap().ends_with("error: 2 of 4 versions are not known to be whole\n"));
}

#[test]
fn each_damaged_file_is_named() {
    let bench = with_models();
    fs::write(bench.models().join("iris/2/text"), "SECOND, LONGER").unwrap();
    fs::write(bench.models().join("iris/2/new"), "").unwrap();
    fs::remove_file(bench.models().join("minilm/1/text")).unwrap();
    let output = bench.run(&["verify"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[0], "iris:1: whole");
    assert!(lines[1].starts_with("iris:2: text has changed: its SHA-256 is "), "{told}");
    assert_eq!(lines[2..], ["iris:2: new was not added with the others", "minilm:1: text is missing"]);
    bench.good(&["verify", "iris:1"]);
    assert_eq!(bench.bad(&["verify", "iris"]), "1 of 1 versions are not known to be whole");
}

#[test]
fn those_who_mistype_are_told_what_there_is() {
    let bench = with_models();
    let table: [(&[&str], &str); 8] = [
        (
            &["show", "irsi"],
            "where there is iris, minilm (did you mean `iris`?): add it by `playhouse models add irsi --from PATH`",
        ),
        (&["list", "irsi"], "did you mean `iris`?"),
        (&["verify", "iris:3"], "no version `3` of model `iris`"),
        (&["remove", "iris:3"], "where there is 1, 2"),
        (&["remove", "iris"], "which version of `iris` is meant? expected `iris:VERSION`, where there is 1, 2"),
        (&["remove", "iris:2"], "say which is to be instead by --latest-to, one of 1"),
        (&["latest", "iris"], "which version of `iris` is meant? expected `iris:VERSION`, where there is 1, 2"),
        (&["show", "a/b"], "malformed model reference `a/b`"),
    ];
    for (arguments, expected) in table {
        let told = bench.bad(arguments);
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    for arguments in [
        &["ad"][..],
        &["add", "x"],
        &["add", "x", "--from", "a", "-l", "nonsense"],
        &["add", "x", "--from", "a", "--only", "[a"],
    ] {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    }
    assert_eq!(bench.versions().len(), 3);
}
