//! The bearer token that lets calls in at a peer. A secret: nothing prints it.

use std::env;
use std::fs;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use http::HeaderValue;
use playhouse_actors::{ConnectError, TokenSource};

/// A token, and where it came from.
pub(super) struct Token {
    source: TokenSource,
    /// The whole header; none if a variable of the environment says that there is none.
    header: ArcSwapOption<HeaderValue>,
}

impl Token {
    /// Reads it.
    ///
    /// # Errors
    /// When there is none, or what is there cannot be sent.
    pub(super) fn read(source: TokenSource) -> Result<Self, ConnectError> {
        let header = read(&source, |name| env::var(name).ok()).map_err(|reason| ConnectError::Token { reason })?;
        Ok(Self { source, header: ArcSwapOption::new(header.map(Arc::new)) })
    }

    /// What is sent.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        self.header.load().as_deref().cloned()
    }

    /// Reads a file again, for a token that was replaced. If it cannot be read, the old one stays.
    pub(super) fn renew(&self) {
        if let TokenSource::File(_) = self.source
            && let Ok(Some(header)) = read(&self.source, |_| None)
        {
            self.header.store(Some(Arc::new(header)));
        }
    }

    pub(super) fn source(&self) -> &TokenSource {
        &self.source
    }
}

fn read(source: &TokenSource, variable: impl Fn(&str) -> Option<String>) -> Result<Option<HeaderValue>, String> {
    let text = match source {
        TokenSource::Environment(name) => variable(name).ok_or_else(|| {
            format!("needs the variable {name} of the environment, which is not set: it holds the token; if none is needed, set it to nothing")
        })?,
        TokenSource::File(path) => fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}, which holds the token: {error}", path.display()))?,
    };
    let token = text.lines().next().unwrap_or_default().trim();
    match source {
        TokenSource::Environment(_) if token.is_empty() => return Ok(None),
        _ if token.is_empty() => return Err(format!("{source} has no token in its first line")),
        _ if !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            return Err(format!("the token in {source} has spaces or other than visible ASCII characters"));
        }
        _ => {}
    }
    let mut header = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| format!("the token in {source} cannot be sent"))?;
    // So that nobody who prints headers prints this one.
    header.set_sensitive(true);
    Ok(Some(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_variable(value: Option<&str>) -> Result<Option<HeaderValue>, String> {
        read(&TokenSource::Environment("IRIS_TOKEN".into()), |_| value.map(ToOwned::to_owned))
    }

    #[test]
    fn a_token_is_one_word_and_is_not_shown() {
        let header = of_variable(Some(" s3cret\n")).unwrap().unwrap();
        assert_eq!(header, "Bearer s3cret");
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert_eq!(of_variable(Some("")), Ok(None));
        assert!(of_variable(None).unwrap_err().contains("IRIS_TOKEN of the environment, which is not set"));
        let told = of_variable(Some("s3c ret")).unwrap_err();
        assert!(told.contains("env:IRIS_TOKEN has spaces") && !told.contains("s3c"), "{told}");
    }

    #[test]
    fn a_file_is_read_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source = TokenSource::File(file.path().into());
        assert!(Token::read(source.clone()).err().unwrap().to_string().contains("has no token"));
        fs::write(file.path(), "first\n").unwrap();
        let token = Token::read(source).unwrap();
        fs::write(file.path(), "second\n").unwrap();
        token.renew();
        assert_eq!(token.header().unwrap(), "Bearer second");
        fs::remove_file(file.path()).unwrap();
        token.renew();
        assert_eq!(token.header().unwrap(), "Bearer second", "it stays");
    }
}
