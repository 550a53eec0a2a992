//! What a project may be called.

use std::{fmt, str::FromStr};

/// The name of a project: good as a folder, as a package and as a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProjectName(String);

/// Names that cargo refuses for a package or a program, or that would hide a crate the project needs.
const TAKEN: &[&str] =
    &["alloc", "build", "core", "deps", "examples", "incremental", "playhouse", "proc_macro", "std", "test", "tokio"];

/// Rust's keywords, strict and reserved: <https://doc.rust-lang.org/reference/keywords.html>.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The longest name that a registry takes.
const LENGTH_MAX: usize = 64;

impl ProjectName {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectName {
    type Err = BadName;

    fn from_str(name: &str) -> Result<Self, BadName> {
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(BadName::Start);
        }
        if let Some(other) = name.chars().find(|&c| !c.is_ascii_alphanumeric() && c != '-' && c != '_') {
            return Err(BadName::Character(other));
        }
        if name.len() > LENGTH_MAX {
            return Err(BadName::Long);
        }
        if KEYWORDS.contains(&name) {
            return Err(BadName::Keyword);
        }
        if TAKEN.contains(&name) {
            return Err(BadName::Taken);
        }
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a name does not do. The command line shows it beside the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadName {
    #[error("it must start with a letter from a to z")]
    Start,
    #[error("it has {0:?}: letters from a to z, digits, - and _ are allowed")]
    Character(char),
    #[error("it is longer than {LENGTH_MAX} characters")]
    Long,
    #[error("it is a keyword of Rust: add something to it")]
    Keyword,
    #[error("Rust, cargo or Playhouse uses it already: add something to it")]
    Taken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_are_taken_as_they_are() {
        for name in ["hello", "h", "iris-service", "iris_2", "Iris"] {
            assert_eq!(name.parse::<ProjectName>().map(|name| name.to_string()).as_deref(), Ok(name));
        }
    }

    #[test]
    fn bad_names_are_refused_with_a_reason() {
        let long = "a".repeat(LENGTH_MAX + 1);
        let table = [
            ("", BadName::Start),
            ("2iris", BadName::Start),
            ("-v", BadName::Start),
            ("../iris", BadName::Start),
            ("a/b", BadName::Character('/')),
            ("häuser", BadName::Character('ä')),
            ("a.b", BadName::Character('.')),
            (long.as_str(), BadName::Long),
            ("async", BadName::Keyword),
            ("test", BadName::Taken),
            ("playhouse", BadName::Taken),
        ];
        for (name, reason) in table {
            assert_eq!(name.parse::<ProjectName>(), Err(reason), "{name}");
        }
    }
}
