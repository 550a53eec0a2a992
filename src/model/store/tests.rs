use std::path::Path;
use std::sync::Barrier;
use std::thread;

use tempfile::TempDir;

use super::*;

/// A store with `iris` in versions 1 and 2, of which 2 is the latest.
fn store() -> (TempDir, ModelStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = ModelStore::at(folder.path().join("models"));
    for version in ["1", "2"] {
        store.add("iris", version, |files| Ok(fs::write(files.join("text"), version)?)).unwrap();
    }
    (folder, store)
}

/// Everything in a model's folder, hidden or not.
fn everything(store: &ModelStore, name: &str) -> Vec<String> {
    let entries = fs::read_dir(store.path().join(name)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What an error says, with the store's folder as `$`.
fn message<T>(store: &ModelStore, result: Result<T, Error>) -> String {
    result.err().expect("refused").to_string().replace(&store.path().display().to_string(), "$")
}

#[test]
fn references_become_folders() {
    let (_folder, store) = store();
    for (reference, version) in [("iris:1", "1"), ("iris:2", "2"), ("iris:latest", "2"), ("iris", "2")] {
        let files = store.resolve(reference).unwrap();
        assert_eq!((files.name(), files.version()), ("iris", version));
        assert_eq!(files.path(), store.path().join("iris").join(version));
        assert_eq!(files.read("text").unwrap(), version.as_bytes());
    }
    assert_eq!(store.models().unwrap(), ["iris"]);
    assert_eq!(store.versions("iris").unwrap(), ["1", "2"]);
}

#[test]
fn the_latest_version_may_be_written_by_hand() {
    let (_folder, store) = store();
    fs::write(store.path().join("iris/latest"), " 1\n").unwrap();
    assert_eq!(store.resolve("iris:latest").unwrap().version(), "1");
}

#[test]
fn what_is_not_there_is_answered_with_what_is() {
    let (_folder, store) = store();
    let cases = [
        (
            "rose:1",
            "no model `rose` in $, where there is iris: add it by `playhouse models add rose --from PATH`, or set PLAYHOUSE_HOME to the folder that holds it in `models/rose`",
        ),
        (
            "iris:3",
            "no version `3` of model `iris` in $/iris, where there is 1, 2: add it by `playhouse models add iris:3 --from PATH`, or ask for another",
        ),
    ];
    for (reference, expected) in cases {
        assert_eq!(message(&store, store.resolve(reference)), expected);
    }
    let nowhere = ModelStore::at(store.path().join("nowhere"));
    assert_eq!(nowhere.models().unwrap(), Vec::<String>::new());
    let expected = "no model `iris` in $, where there is none: ";
    assert!(message(&nowhere, nowhere.resolve("iris:1")).starts_with(expected));
}

#[test]
fn a_pointer_to_nothing_is_named() {
    let (_folder, store) = store();
    let pointer = store.path().join("iris/latest");
    let hint = "where there is 1, 2: make one of them the latest by `playhouse models latest iris:VERSION`, or ask for a version by its name";
    for (content, problem) in [("3", r#"holds "3""#), ("", r#"holds """#), ("../iris/1", r#"holds "../iris/1""#)] {
        fs::write(&pointer, content).unwrap();
        let expected = format!("$/iris/latest {problem}, which is not a version of the model, {hint}");
        assert_eq!(message(&store, store.resolve("iris:latest")), expected);
    }
    fs::remove_file(&pointer).unwrap();
    assert_eq!(message(&store, store.resolve("iris:latest")), format!("$/iris/latest is missing, {hint}"));
    assert!(store.resolve("iris:1").is_ok());
}

#[test]
fn a_file_in_place_of_a_folder_is_said_to_be_one() {
    let (_folder, store) = store();
    fs::write(store.path().join("rose"), "").unwrap();
    fs::write(store.path().join("iris/3"), "").unwrap();
    for (reference, path) in [("rose:1", "$/rose"), ("iris:3", "$/iris/3")] {
        let expected = format!("cannot read the folder {path}: Not a directory");
        assert!(message(&store, store.resolve(reference)).starts_with(&expected));
    }
    assert_eq!(store.models().unwrap(), ["iris"]);
    let added = store.add("rose", "1", |_| Ok(()));
    assert!(message(&store, added).starts_with("cannot create $/rose: "));
}

#[test]
fn nothing_leaves_the_store() {
    let (_folder, store) = store();
    fs::create_dir_all(store.path().join("../secret/1")).unwrap();
    for reference in ["../secret:1", "iris:../../secret/1", ".:iris", "iris:.", "/:1"] {
        assert!(message(&store, store.resolve(reference)).starts_with("malformed model reference"), "{reference}");
    }
    for (name, version) in [("..", "1"), ("iris", ".."), ("iris", "latest"), ("a/b", "1"), ("", "1"), ("iris", "")] {
        assert!(matches!(store.add(name, version, |_| Ok(())), Err(Error::Reference { .. })), "{name}:{version}");
    }
}

#[test]
fn a_version_never_changes() {
    let (_folder, store) = store();
    let again = store.add("iris", "1", |files| Ok(fs::write(files.join("text"), "changed")?));
    let expected = "version `1` of model `iris` is there already, in $/iris/1: add a new version";
    assert_eq!(message(&store, again), expected);
    assert_eq!(store.resolve("iris:1").unwrap().read("text").unwrap(), b"1");
    assert_eq!(store.resolve("iris:latest").unwrap().version(), "2");
    assert_eq!(everything(&store, "iris"), [".lock", "1", "2", "latest"]);
}

#[test]
fn a_version_that_cannot_be_written_leaves_nothing() {
    let (_folder, store) = store();
    for name in ["iris", "rose"] {
        let failed = store.add(name, "3", |files| {
            fs::write(files.join("half"), "half")?;
            Err("the disk is full".into())
        });
        assert_eq!(message(&store, failed), format!("cannot write version `3` of model `{name}`: the disk is full"));
    }
    assert_eq!(everything(&store, "iris"), [".lock", "1", "2", "latest"]);
    assert_eq!(everything(&store, "rose"), [".lock"]);
    assert_eq!(store.models().unwrap(), ["iris"]);
    assert!(matches!(store.resolve("rose:latest"), Err(Error::NoModel { .. })));
}

#[test]
fn what_a_dead_process_left_is_removed_and_what_a_living_one_writes_is_not() {
    let (_folder, store) = store();
    // A process that died while it wrote, and one that died before it had locked its folder.
    for (folder, file) in
        [(".incoming-dead/files", "half"), (".incoming-dead", ".lock"), (".incoming-unborn/files", "x")]
    {
        let folder = store.path().join("iris").join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), "").unwrap();
    }
    assert_eq!(store.versions("iris").unwrap(), ["1", "2"]);
    let outer = store.add("iris", "3", |files| {
        fs::write(files.join("text"), "3")?;
        store.add("iris", "4", |files| Ok(fs::write(files.join("text"), "4")?))?;
        Ok(())
    });
    assert_eq!(outer.unwrap().read("text").unwrap(), b"3");
    assert_eq!(everything(&store, "iris"), [".lock", "1", "2", "3", "4", "latest"]);
    assert_eq!(store.resolve("iris:latest").unwrap().version(), "3");
}

#[test]
fn a_version_without_a_pointer_gets_one_when_it_is_added_again() {
    let (_folder, store) = store();
    fs::remove_file(store.path().join("iris/latest")).unwrap();
    assert!(matches!(store.add("iris", "1", |_| Ok(())), Err(Error::VersionExists { .. })));
    assert_eq!(store.resolve("iris:latest").unwrap().version(), "1");
}

#[test]
fn a_pointer_without_a_version_is_no_model_yet() {
    let (_folder, store) = store();
    // A process that died between the two renames of its first `add`.
    fs::create_dir(store.path().join("rose")).unwrap();
    fs::write(store.path().join("rose/latest"), "1").unwrap();
    assert!(matches!(store.resolve("rose:latest"), Err(Error::NoModel { .. })));
    store.add("rose", "2", |_| Ok(())).unwrap();
    assert_eq!(store.resolve("rose:latest").unwrap().version(), "2");
}

#[test]
fn whoever_looks_while_others_add_sees_whole_versions() {
    const WRITERS: usize = 8;
    const FILES: usize = 20;
    let (_folder, store) = store();
    let start = Barrier::new(WRITERS);
    let add = |writer: usize| {
        start.wait();
        // Two writers for each version: one of them wins.
        let added = store.add("busy", &format!("v{}", writer / 2), |files| {
            for file in 0..FILES {
                fs::write(files.join(file.to_string()), writer.to_string())?;
            }
            Ok(())
        });
        match added {
            Ok(_) => true,
            Err(Error::VersionExists { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    };
    let look = || {
        for version in store.versions("busy").unwrap() {
            let files = store.resolve(&format!("busy:{version}")).unwrap();
            let first = files.read("0").unwrap();
            assert!((1..FILES).all(|file| files.read(&file.to_string()).unwrap() == first));
            assert!(store.resolve("busy:latest").is_ok());
        }
    };
    let wins: usize = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || add(writer))).collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            look();
        }
        writers.into_iter().map(|writer| usize::from(writer.join().unwrap())).sum()
    });
    look();
    assert_eq!(wins, WRITERS / 2);
    assert_eq!(everything(&store, "busy"), [".lock", "latest", "v0", "v1", "v2", "v3"]);
}

#[test]
fn a_manifest_says_what_was_added() {
    let (_folder, store) = store();
    let manifest = store.resolve("iris:1").unwrap().manifest().unwrap().expect("a manifest");
    assert_eq!((manifest.name.as_str(), manifest.version.as_str(), manifest.bytes), ("iris", "1", 1));
    let files: Vec<_> = manifest.files.iter().map(|file| (file.path.as_str(), file.bytes)).collect();
    assert_eq!(files, [("text", 1)]);
    let named = store.add("iris", "3", |files| Ok(fs::write(files.join(".manifest.json"), "{}")?));
    let expected = "cannot write version `3` of model `iris`: `.manifest.json` is the name of the store's own file";
    assert!(message(&store, named).starts_with(expected));
}

#[test]
fn a_version_without_a_manifest_is_taken_as_it_is() {
    let (_folder, store) = store();
    fs::remove_file(store.path().join("iris/1/.manifest.json")).unwrap();
    let files = store.resolve("iris:1").unwrap();
    assert_eq!(files.manifest().unwrap(), None);
    assert!(files.check().is_ok() && !files.verify(&()).unwrap());
}

#[test]
fn damage_is_told_file_by_file() {
    let (_folder, store) = store();
    let add = |files: &Path| {
        fs::create_dir(files.join("sub"))?;
        Ok(["a", "b", "sub/c", "d"].iter().try_for_each(|file| fs::write(files.join(file), "content"))?)
    };
    let files = store.add("iris", "3", add).unwrap();
    assert!(files.check().is_ok() && files.verify(&()).unwrap());
    fs::write(files.path().join("d"), "CONTENT").unwrap();
    assert!(files.check().is_ok(), "the same size: only reading it shows the change");
    fs::remove_file(files.path().join("a")).unwrap();
    fs::write(files.path().join("sub/c"), "longer content").unwrap();
    let expected = "model `iris:3` is damaged in $/iris/3: a is missing, sub/c has 14 bytes, expected 7; \
                    look closer by `playhouse models verify iris:3`, then remove it and add it again";
    assert_eq!(message(&store, files.check()), expected);
    fs::write(files.path().join("sub/new"), "").unwrap();
    let Err(Error::Damaged { damages, .. }) = files.verify(&()) else { panic!("damaged") };
    let told: Vec<_> = damages.iter().map(ToString::to_string).collect();
    assert!(told[1].starts_with("d has changed: its SHA-256 is "), "{told:?}");
    assert_eq!(
        [told[0].as_str(), &told[2], &told[3]],
        ["a is missing", "sub/c has 14 bytes, expected 7", "sub/new was not added with the others"]
    );
}

#[test]
fn removing_the_latest_wants_to_know_the_next() {
    let (_folder, store) = store();
    let expected = "version `2` is the latest of model `iris`: say which is to be instead by --latest-to, one of 1";
    assert_eq!(message(&store, store.remove("iris:2", None)), expected);
    assert!(matches!(store.remove("iris:2", Some("2")), Err(Error::NoVersion { .. })));
    assert!(matches!(store.remove("iris:3", None), Err(Error::NoVersion { .. })));
    assert!(matches!(store.remove("rose:1", None), Err(Error::NoModel { .. })));
    assert!(!store.path().join("rose").exists());
    for reference in ["iris", "iris:latest"] {
        let expected = "which version of `iris` is meant? expected `iris:VERSION`, where there is 1, 2";
        assert_eq!(message(&store, store.remove(reference, None)), expected);
    }
    store.remove("iris:2", Some("1")).unwrap();
    assert_eq!(store.resolve("iris").unwrap().version(), "1");
    store.remove("iris:1", None).unwrap();
    assert!(matches!(store.resolve("iris"), Err(Error::NoModel { .. })));
    assert_eq!(everything(&store, "iris"), [".lock"]);
    store.add("iris", "1", |_| Ok(())).unwrap();
    assert_eq!(store.resolve("iris").unwrap().version(), "1");
}

#[test]
fn latest_can_be_any_version() {
    let (_folder, store) = store();
    assert_eq!(store.point_latest("iris:1").unwrap().version(), "1");
    assert_eq!(store.resolve("iris").unwrap().version(), "1");
    let latest: Vec<_> = store.list(None).unwrap().into_iter().map(|listed| listed.is_latest).collect();
    assert_eq!(latest, [true, false]);
    assert!(matches!(store.point_latest("iris:3"), Err(Error::NoVersion { .. })));
}
