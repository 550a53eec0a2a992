//! Packages: good ones, and those that mean no good.

use std::fs;

use crate::bench::{Bench, names, safetensors};
use crate::zips::{self, Entry};

const METADATA: &[u8] = b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 0.3\n";

fn wheel() -> Vec<u8> {
    zips::good(&[
        ("tiny/__init__.py", b""),
        ("tiny/model/model.safetensors", &safetensors()),
        ("tiny/model/pooling/config.json", b"{}"),
        ("tiny-0.3.dist-info/METADATA", METADATA),
    ])
}

#[test]
fn the_model_in_a_wheel_is_found() {
    let bench = Bench::new();
    // Known by its content, whatever it is called.
    for (version, name) in [("1", "tiny-0.3-py3-none-any.whl"), ("2", "download")] {
        bench.write(name, wheel());
        bench.good(&["add", &format!("tiny:{version}"), "--from", name]);
        assert_eq!(
            names(&bench.models().join("tiny").join(version)),
            [".manifest.json", "model.safetensors", "pooling"]
        );
        let source = &bench.json(&["show", &format!("tiny:{version}")])["source"];
        assert_eq!((&source["kind"], &source["inside"]), (&"archive".into(), &"tiny/model".into()));
        assert_eq!((&source["package"]["name"], &source["package"]["version"]), (&"tiny-model".into(), &"0.3".into()));
        assert_eq!(source["sha256"].as_str().unwrap().len(), 64);
    }
    bench.good(&["add", "part:1", "--from", "download", "--path", "tiny/model/pooling"]);
    assert_eq!(names(&bench.models().join("part/1")), [".manifest.json", "config.json"]);
    bench.good(&["add", "all:1", "--from", "download", "--path", "."]);
    assert_eq!(names(&bench.models().join("all/1")), [".manifest.json", "tiny"]);
    let told = bench.bad(&["add", "no:1", "--from", "download", "--path", "tiny/modle"]);
    assert!(
        told.ends_with("there is no folder `tiny/modle` inside of it, but tiny, tiny/model, tiny/model/pooling"),
        "{told}"
    );
}

#[test]
fn weights_that_are_zip_files_themselves_are_not_unpacked() {
    let bench = Bench::new();
    bench.write("model.pt", zips::good(&[("archive/data.pkl", b"x")]));
    bench.good(&["add", "torch:1", "--from", "model.pt"]);
    assert_eq!(names(&bench.models().join("torch/1")), [".manifest.json", "model.pt"]);
    assert_eq!(bench.json(&["show", "torch"])["format"], "pytorch");
}

#[test]
fn a_package_without_a_clear_model_wants_a_path() {
    let bench = Bench::new();
    bench.write("two.zip", zips::good(&[("a/x.gguf", b"x"), ("b/y.gguf", b"y")]));
    let told = bench.bad(&["add", "two:1", "--from", "two.zip"]);
    assert!(
        told.ends_with("which folder of it holds the model is not clear: name it by --path, one of a, b"),
        "{told}"
    );
    bench.good(&["add", "two:1", "--from", "two.zip", "--path", "b"]);
}

#[test]
fn hostile_archives_are_refused_and_write_nothing() {
    let bench = Bench::new();
    let one = |change: fn(&mut Entry)| {
        let mut entries = [Entry::named("m.bin"), Entry::named("other.bin")];
        change(&mut entries[1]);
        zips::by_hand(&entries)
    };
    let whole = wheel();
    let zeros = vec![0; 60 << 20];
    let table = [
        ("traversal", one(|entry| entry.name = "../../out.bin"), "leaves its folder by `..`"),
        ("absolute", one(|entry| entry.name = "/tmp/out.bin"), "is absolute"),
        ("windows", one(|entry| entry.name = "..\\out.bin"), "has a backslash"),
        ("empty step", one(|entry| entry.name = "a//out.bin"), "has an empty step"),
        ("control", one(|entry| entry.name = "a\nb.bin"), "has a control character"),
        ("twice", one(|entry| entry.name = "m.bin"), "two of its entries have the same name"),
        ("both", one(|entry| entry.name = "m.bin/x"), "`m.bin` is both a file and a folder"),
        ("link", one(|entry| entry.mode = 0o120_777), "is a link or another special file"),
        ("device", one(|entry| entry.mode = 0o020_666), "is a link or another special file"),
        ("encrypted", one(|entry| entry.flags = 1), "is encrypted"),
        ("method", one(|entry| entry.method = 14), "expected Deflated or Stored"),
        ("overlap", one(|entry| entry.at = Some(0)), "its entries overlap"),
        ("bomb", zips::good(&[("m.bin", &zeros)]), "it is made to fill the disk"),
        ("too large", one(|entry| entry.size = 900), "than the 900 it is said to have"),
        ("too small", one(|entry| entry.size = 3), "larger than its declared"),
        ("cut short", whole[..whole.len() - 30].to_vec(), "it is no whole zip archive"),
        ("cut in two", whole[..whole.len() / 2].to_vec(), "it is no whole zip archive"),
        ("empty", zips::by_hand(&[]), "it holds no files"),
    ];
    for (name, archive, expected) in table {
        bench.write("m.zip", archive);
        let told = bench.bad(&["add", "m:1", "--from", "m.zip"]);
        assert!(told.starts_with("cannot add m.zip: ") && told.contains(expected), "{name}: {told}");
        assert!(bench.everything("m").iter().all(|entry| entry == ".lock"), "{name}: {:?}", bench.everything("m"));
        assert_eq!(names(&bench.path("")), ["m.zip"], "{name}");
    }
    bench.write("m.zip", one(|_| {}));
    bench.good(&["add", "m:1", "--from", "m.zip"]);
}

/// Whatever is cut off or changed, it ends by an error or a good version, never by a panic or a half one.
#[test]
fn a_damaged_archive_never_makes_a_damaged_version() {
    let bench = Bench::new();
    let whole = wheel();
    for index in (0..whole.len()).step_by(7) {
        let mut archive = whole.clone();
        archive[index] ^= 0x55;
        bench.write("m.whl", archive);
        let output = bench.run(&["add", "m", "--from", "m.whl"]);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{index}: {output:?}");
    }
    for version in names(&bench.models().join("m")) {
        if version != "latest" && version != ".lock" {
            let copied = fs::read(bench.models().join("m").join(version).join("model.safetensors")).unwrap();
            assert_eq!(copied, safetensors());
        }
    }
    bench.good(&["verify"]);
}
