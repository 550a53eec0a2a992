//! Where a service is called that runs elsewhere, and what lets callers in there.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a service is called that runs elsewhere, and what lets callers in there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// May hold variables of the environment, as `${NAME}` or `${NAME:-default}`.
    pub url: String,
    /// Where the bearer token is, if one is needed.
    pub token: Option<TokenSource>,
}

/// Where a bearer token is to be found: not the token itself, which stands in no code, no file of settings and no command
/// line. Written as `env:NAME` or `file:PATH`.
///
/// A variable has to be set; an empty one means that there is no token. Of a file it is the first line; it is read again
/// when the token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// In a variable of the environment.
    Environment(String),
    /// In a file.
    File(PathBuf),
}

/// A text that says nowhere where a token is. It does not repeat that text, which may be the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected where the token is, as in env:NAME or file:PATH; the token itself is not written here")]
pub struct TokenSourceError;

impl Endpoint {
    /// A URL that is called without a token.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), token: None }
    }

    /// The same, with a bearer token that is found there.
    #[must_use]
    pub fn token(self, source: TokenSource) -> Self {
        Self { token: Some(source), ..self }
    }
}

impl From<&str> for Endpoint {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<&String> for Endpoint {
    fn from(url: &String) -> Self {
        Self::new(url)
    }
}

impl From<String> for Endpoint {
    fn from(url: String) -> Self {
        Self::new(url)
    }
}

impl FromStr for TokenSource {
    type Err = TokenSourceError;

    fn from_str(text: &str) -> Result<Self, TokenSourceError> {
        match text.trim().split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.into())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err(TokenSourceError),
        }
    }
}

impl fmt::Display for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_token_is() {
        for text in ["env:IRIS_TOKEN", "file:/run/secrets/iris", "file:a:b"] {
            assert_eq!(text.parse::<TokenSource>().unwrap().to_string(), text);
        }
        for text in ["", "env:", "file:", "s3cret", "token:s3cret", "environment:A"] {
            let told = text.parse::<TokenSource>().unwrap_err().to_string();
            assert!(!told.contains("s3cret"), "{told}");
        }
    }
}
