//! How a model is named: `iris:1`, `iris:latest`.

use std::fmt;
use std::str::FromStr;

use super::Error;

/// The version that stands for the one added last.
const LATEST: &str = "latest";

/// The longest name or version, in bytes: it becomes the name of a folder.
const LENGTH_MAX: usize = 128;

/// A model and one of its versions, as `#[model("iris:latest")]` names them. A name alone asks for the latest version.
///
/// Names and versions are letters, digits, `.`, `_` and `-`, and begin with a letter or a digit: they are safe as names
/// of folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    name: String,
    version: Version,
}

/// Which version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// The one that the model's file `latest` holds.
    Latest,
    /// This one.
    Is(String),
}

impl Reference {
    /// Names one version, which cannot be `latest`.
    ///
    /// # Errors
    /// A name or version that cannot be the name of a folder.
    pub fn exact(name: &str, version: &str) -> Result<Self, Error> {
        let reference = format!("{name}:{version}");
        check("name", name)
            .and_then(|()| check("version", version))
            .map_err(|problem| malformed(&reference, problem))?;
        if version.eq_ignore_ascii_case(LATEST) {
            return Err(malformed(&reference, "`latest` stands for a version and cannot be one"));
        }
        Ok(Self { name: name.to_owned(), version: Version::Is(version.to_owned()) })
    }

    /// Names whatever version is the latest.
    ///
    /// # Errors
    /// A name that cannot be the name of a folder.
    pub fn latest(name: &str) -> Result<Self, Error> {
        check("name", name).map_err(|problem| malformed(name, problem))?;
        Ok(Self { name: name.to_owned(), version: Version::Latest })
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version that is asked for.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(reference: &str) -> Result<Self, Error> {
        let (name, version) = reference.split_once(':').unwrap_or((reference, LATEST));
        if version != LATEST {
            return Self::exact(name, version);
        }
        check("name", name).map_err(|problem| malformed(reference, problem))?;
        Ok(Self { name: name.to_owned(), version: Version::Latest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Latest => LATEST,
            Self::Is(version) => version,
        })
    }
}

/// Whether a version can have this name.
pub(super) fn is_version(text: &str) -> bool {
    check("version", text).is_ok() && !text.eq_ignore_ascii_case(LATEST)
}

fn malformed(reference: &str, problem: impl Into<String>) -> Error {
    Error::Reference { reference: reference.to_owned(), problem: problem.into() }
}

/// Whether `text` can be the name of a folder on any file system, and of no other folder than the one meant.
fn check(what: &str, text: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let problem = if text.is_empty() {
        "is empty"
    } else if text.len() > LENGTH_MAX {
        "is longer than 128 bytes"
    } else if !text.bytes().all(is_plain) {
        "has other characters than letters, digits, `.`, `_` and `-`"
    } else if !text.as_bytes()[0].is_ascii_alphanumeric() {
        "does not begin with a letter or a digit"
    } else {
        return Ok(());
    };
    Err(format!("the {what} {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_asks_for_the_latest_version() {
        for text in ["iris", "iris:latest"] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!((reference.name(), reference.version()), ("iris", &Version::Latest));
            assert_eq!(reference.to_string(), "iris:latest");
        }
        let exact: Reference = "all-MiniLM_l6.v2:2024-05".parse().unwrap();
        assert_eq!(exact.version(), &Version::Is("2024-05".to_owned()));
    }

    #[test]
    fn what_could_leave_the_store_is_refused() {
        let long = "a".repeat(129);
        let cases = [
            ("", "the name is empty"),
            (":1", "the name is empty"),
            ("iris:", "the version is empty"),
            (&long, "the name is longer than 128 bytes"),
            ("..", "the name does not begin with a letter or a digit"),
            ("iris:..", "the version does not begin with a letter or a digit"),
            (".hidden:1", "the name does not begin with a letter or a digit"),
            ("../iris:1", "the name has other characters than letters, digits, `.`, `_` and `-`"),
            ("a/b:1", "the name has other characters than letters, digits, `.`, `_` and `-`"),
            ("a\\b:1", "the name has other characters than letters, digits, `.`, `_` and `-`"),
            ("iris:1:2", "the version has other characters than letters, digits, `.`, `_` and `-`"),
            ("iris:1/../2", "the version has other characters than letters, digits, `.`, `_` and `-`"),
            ("iris:Latest", "`latest` stands for a version and cannot be one"),
        ];
        for (text, problem) in cases {
            let error = text.parse::<Reference>().unwrap_err().to_string();
            let expected = format!("malformed model reference `{text}`: {problem}; ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
