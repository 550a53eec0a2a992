//! Folders and files on their way in.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::bench::{Bench, names, safetensors, text};

/// A folder `model` with weights, a text, and a file in a folder.
fn with_folder() -> Bench {
    let bench = Bench::new();
    bench.write("model/model.safetensors", safetensors());
    bench.write("model/config.json", "{}");
    bench.write("model/1_Pooling/config.json", "{\"a\": 1}");
    bench
}

#[test]
fn a_folder_is_copied_with_all_that_is_known_of_it() {
    let bench = with_folder();
    bench.write("model/.git/objects", "hidden");
    let output = bench.run(&["add", "iris:1", "--from", "model", "-l", "license=mit", "--label", "team=a b"]);
    let told = "added iris:1, now the latest: 110 B, 3 files, safetensors, 6 parameters, license=mit team=a b\n";
    assert_eq!(text(&output.stdout), told.replace("110", &(10 + safetensors().len()).to_string()));
    assert_eq!(text(&output.stderr), "left out, because it is hidden: .git\n");
    assert_eq!(
        names(&bench.models().join("iris/1")),
        [".manifest.json", "1_Pooling", "config.json", "model.safetensors"]
    );

    let shown = bench.json(&["show", "iris"]);
    assert_eq!(
        (&shown["latest"], &shown["format"], &shown["labels"]["team"]),
        (&true.into(), &"safetensors".into(), &"a b".into())
    );
    assert_eq!(shown["source"]["path"], bench.path("model").to_str().unwrap());
    let files: Vec<_> = shown["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(files, ["1_Pooling/config.json", "config.json", "model.safetensors"]);
    assert_eq!(shown["files"][1]["sha256"], "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    let tensor = &shown["files"][2]["tensors"]["listed"][0];
    assert_eq!(tensor.to_string(), r#"{"name":"layer.weight","dtype":"F32","shape":[2,3]}"#);
    assert!(bench.good(&["show", "iris:1"]).contains("\nlayer.weight  F32    [2, 3]\n"));
    assert_eq!(bench.good(&["verify"]), "iris:1: whole\n");
}

#[test]
fn a_version_is_made_up_and_the_same_content_is_not_added_twice() {
    let bench = with_folder();
    let first = bench.json(&["add", "iris", "--from", "model"])["version"].as_str().unwrap().to_owned();
    assert!(first.len() == 22 && first.as_bytes()[8] == b'-', "{first}");
    let again = bench.good(&["add", "iris", "--from", "model"]);
    assert_eq!(again, format!("iris:{first} has this content already: nothing was added\n"));
    // By a name of its own it is another version; that name again is what was wanted, with other content it is not.
    bench.good(&["add", "iris:named", "--from", "model"]);
    assert_eq!(
        bench.good(&["add", "iris:named", "--from", "model"]),
        "iris:named has this content already: nothing was added\n"
    );
    for content in ["{\"new\": 1}", "[]"] {
        bench.write("model/config.json", content);
        let told = bench.bad(&["add", "iris:named", "--from", "model"]);
        assert!(told.starts_with("version `named` of model `iris` is there already"), "{told}");
    }
    assert_eq!(bench.versions(), [(format!("iris:{first}"), false), ("iris:named".to_owned(), true)]);
    assert_eq!(bench.everything("iris"), [".lock", &first, "latest", "named"]);
}

#[test]
fn one_file_and_a_choice_of_files() {
    let bench = with_folder();
    bench.good(&["add", "one:1", "--from", "model/model.safetensors"]);
    assert_eq!(names(&bench.models().join("one/1")), [".manifest.json", "model.safetensors"]);
    bench.good(&["add", "some:1", "--from", "model", "--only", "*.json"]);
    assert_eq!(names(&bench.models().join("some/1")), [".manifest.json", "1_Pooling", "config.json"]);
    bench.good(&["add", "some:2", "--from", "model", "--only", "1_*/*", "--only", "*.safetensors"]);
    assert_eq!(names(&bench.models().join("some/2")), [".manifest.json", "1_Pooling", "model.safetensors"]);
    let told = bench.bad(&["add", "some:3", "--from", "model", "--only", "*.gguf"]);
    assert!(
        told.ends_with("no file fits `*.gguf`: there is 1_Pooling/config.json, config.json, model.safetensors"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_taken_is_named_and_leaves_nothing() {
    let bench = with_folder();
    fs::create_dir(bench.path("empty")).unwrap();
    bench.write("hidden/.only", "");
    bench.write("damaged/model.safetensors", &safetensors()[..50]);
    bench.write("page/model.safetensors", "<!DOCTYPE html>");
    bench.write("pointer/weights.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    bench.write("packed.tar.gz", [0x1f, 0x8b, 8, 0]);
    bench.write("no.whl", "<!DOCTYPE html>");
    bench.write("special/a", "");
    assert!(Command::new("mkfifo").arg(bench.path("special/pipe")).status().unwrap().success());
    let table = [
        ("nowhere", "cannot add nowhere: there is no such file or folder"),
        ("empty", "cannot add empty: it holds no files"),
        ("hidden", "cannot add hidden: it holds no files"),
        (
            "damaged",
            "cannot add damaged: model.safetensors is not a whole safetensors file: it asks for a header of 68 bytes, but ends after 42; get it again, or take it as it is by --force",
        ),
        ("page", "cannot add page: model.safetensors is not a whole safetensors file: it asks for a header of"),
        ("pointer", "cannot add pointer: weights.bin is a Git LFS pointer, not the file itself: run `git lfs pull`"),
        ("packed.tar.gz", "cannot add packed.tar.gz: it is packed by gzip, which is not unpacked here"),
        ("no.whl", "cannot add no.whl: it is no zip archive, as its name says: it begins with \"<!DO\""),
        ("special", "cannot add special: pipe is neither a file nor a folder"),
        ("/dev/null", "cannot add /dev/null: it is neither a file nor a folder"),
    ];
    for (from, expected) in table {
        let told = bench.bad(&["add", "iris", "--from", from]);
        assert!(told.starts_with(expected), "{told}");
        assert!(bench.everything("iris").iter().all(|name| name == ".lock"), "{from}");
    }
    assert!(bench.bad(&["add", "iris", "--from", "model", "--path", "x"]).ends_with("there is no `x` inside of it"));
    assert!(bench.bad(&["add", "../iris", "--from", "model"]).starts_with("malformed model reference"));
    assert!(bench.bad(&["add", "iris:latest", "--from", "model"]).contains("cannot be one"));
    assert_eq!(bench.versions(), []);
    bench.good(&["add", "iris", "--from", "damaged", "--force"]);
}

#[test]
fn links_are_replaced_by_what_they_point_to() {
    let bench = with_folder();
    bench.write("blobs/abc", "weights");
    symlink("config.json", bench.path("model/inside.json")).unwrap();
    bench.good(&["add", "iris:1", "--from", "model"]);
    let copied = bench.models().join("iris/1/inside.json");
    assert!(copied.symlink_metadata().unwrap().is_file());

    symlink("../blobs/abc", bench.path("model/weights.bin")).unwrap();
    let told = bench.bad(&["add", "iris:2", "--from", "model"]);
    assert!(told.contains("weights.bin is a link to ../blobs/abc, outside of the folder: --follow copies"), "{told}");
    bench.good(&["add", "iris:2", "--from", "model", "--follow"]);
    assert_eq!(fs::read(bench.models().join("iris/2/weights.bin")).unwrap(), b"weights");

    for (target, expected) in
        [("nowhere", "where there is nothing"), (".", "which it is in itself"), ("circle", "is a link to circle")]
    {
        let link = bench.path("model/circle");
        symlink(target, &link).unwrap();
        let told = bench.bad(&["add", "iris:3", "--from", "model", "--follow"]);
        assert!(told.contains("circle is a link to ") && told.contains(expected), "{told}");
        fs::remove_file(link).unwrap();
    }
}
