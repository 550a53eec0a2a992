//! Which paths from outside can become paths in the store.

use std::collections::HashSet;

use crate::model::manifest::FILE;

/// The most files of one version.
const FILES_MAX: usize = 10_000;

/// The longest path of a file, in bytes, and the longest step of it.
const PATH_MAX: usize = 1024;
const STEP_MAX: usize = 255;

/// Checks one path with `/` between its steps: it must name a file within the folder that it is joined to, on any system.
pub(super) fn check(path: &str) -> Result<(), String> {
    let told = || {
        if path.len() > 100 { format!("{}...", path.chars().take(100).collect::<String>()) } else { path.to_owned() }
    };
    let problem = if path.is_empty() {
        "is empty"
    } else if path.starts_with('/') || path.as_bytes().get(1) == Some(&b':') {
        "is absolute"
    } else if path.contains('\\') {
        "has a backslash"
    } else if path.chars().any(char::is_control) {
        "has a control character"
    } else if path.split('/').any(|step| step == "..") {
        "leaves its folder by `..`"
    } else if path.split('/').any(|step| step.is_empty() || step == ".") {
        "has an empty step"
    } else if path.len() > PATH_MAX || path.split('/').any(|step| step.len() > STEP_MAX) {
        "is too long: expected 1,024 bytes at most, 255 between two `/`"
    } else {
        return Ok(());
    };
    Err(format!("the path {:?} {problem}", told()))
}

/// Whether a file is hidden, or a folder that it is in, such as `.git`: those are nobody's model.
pub(super) fn is_hidden(path: &str) -> bool {
    path.split('/').any(|step| step.starts_with('.'))
}

/// Checks sorted paths that are to stand in one folder.
pub(super) fn check_all<'a>(paths: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let (mut files, mut folders) = (HashSet::new(), HashSet::new());
    for path in paths {
        check(path)?;
        if path == FILE {
            return Err(format!("`{FILE}` is the name of the store's own file"));
        }
        if !files.insert(path) {
            return Err(format!("`{path}` is there twice"));
        }
        folders.extend(path.match_indices('/').map(|(end, _)| &path[..end]));
        if files.len() > FILES_MAX {
            return Err(format!("it has more than {FILES_MAX} files: take some by --only"));
        }
    }
    match files.intersection(&folders).min() {
        Some(path) => Err(format!("`{path}` is both a file and a folder")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_their_folder() {
        for path in ["model.safetensors", "1_Pooling/config.json", "a/b/c", "..a", "a..b/c", "ü/λ", ".hidden/x"] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
        let long = "a/".repeat(600) + "a";
        let table = [
            ("", "is empty"),
            ("/etc/passwd", "is absolute"),
            ("C:/x", "is absolute"),
            ("../x", "leaves its folder"),
            ("a/../../x", "leaves its folder"),
            ("a/..", "leaves its folder"),
            ("..\\x", "has a backslash"),
            ("a\0b", "has a control character"),
            ("a\nb", "has a control character"),
            ("a//b", "has an empty step"),
            ("./a", "has an empty step"),
            ("a/", "has an empty step"),
            (&long, "is too long"),
            (&"b".repeat(256), "is too long"),
        ];
        for (path, expected) in table {
            let problem = check(path).unwrap_err();
            assert!(problem.contains(expected) && problem.len() < 250, "{path}: {problem}");
        }
    }

    #[test]
    fn paths_do_not_meet() {
        let table: [(&[&str], Result<(), String>); 5] = [
            (&["a", "b/a", "b/c"], Ok(())),
            (&["a", "a"], Err("`a` is there twice".into())),
            (&["a", "a/b"], Err("`a` is both a file and a folder".into())),
            (&["a/b", "a/b/c/d"], Err("`a/b` is both a file and a folder".into())),
            (&[".manifest.json"], Err("`.manifest.json` is the name of the store's own file".into())),
        ];
        for (paths, expected) in table {
            assert_eq!(check_all(paths.iter().copied()), expected, "{paths:?}");
        }
        let many: Vec<_> = (0..=FILES_MAX).map(|file| file.to_string()).collect();
        assert!(check_all(many.iter().map(String::as_str)).unwrap_err().contains("more than 10000 files"));
    }
}
