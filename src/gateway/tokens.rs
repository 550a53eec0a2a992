//! Bearer tokens: who may call.

use std::fmt;
use std::path::Path;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use subtle::{Choice, ConstantTimeEq};

use super::error::GatewayError;
use super::problem::Problem;

/// Bearer tokens, any of which lets a request in; see [`GatewayConfig::tokens`](crate::GatewayConfig::tokens).
///
/// They are secrets: nothing prints them, and how long it takes to refuse a wrong one says nothing of the right ones but
/// their lengths.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tokens(Vec<Box<[u8]>>);

impl Tokens {
    /// These tokens.
    ///
    /// # Errors
    /// When there is none, or one with characters that cannot be sent.
    pub fn new<S: AsRef<str>>(tokens: impl IntoIterator<Item = S>) -> Result<Self, GatewayError> {
        Self::read(tokens, "the list of tokens")
    }

    /// The tokens of a file: one on each line; empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// When the file cannot be read, has no token, or one with characters that cannot be sent.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, GatewayError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| GatewayError::Unreadable { path: path.to_owned(), source })?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self::read(lines, &path.display().to_string())
    }

    /// The tokens of a text, between commas or spaces.
    ///
    /// # Errors
    /// As [`Tokens::new`]; `place` is where the text is from.
    pub(crate) fn from_text(text: &str, place: &str) -> Result<Self, GatewayError> {
        Self::read(text.split([',', ' ', '\n']).filter(|token| !token.is_empty()), place)
    }

    /// All of both.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    fn read<S: AsRef<str>>(tokens: impl IntoIterator<Item = S>, place: &str) -> Result<Self, GatewayError> {
        let wrong = |what: &str| GatewayError::Tokens { place: place.to_owned(), what: what.to_owned() };
        let tokens: Vec<Box<[u8]>> = tokens.into_iter().map(|token| token.as_ref().as_bytes().into()).collect();
        if tokens.is_empty() {
            return Err(wrong("has no token, so that nobody could call"));
        }
        let is_sendable = |token: &[u8]| !token.is_empty() && token.iter().all(u8::is_ascii_graphic);
        match tokens.iter().position(|token| !is_sendable(token)) {
            Some(index) => {
                Err(wrong(&format!("has spaces or other than visible ASCII characters in token {}", index + 1)))
            }
            None => Ok(Self(tokens)),
        }
    }

    /// Whether a request may come in.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(given) = headers.get(AUTHORIZATION) else {
            return Err(refused("", "a token is needed: send it as `authorization: Bearer <token>`"));
        };
        let token = bearer(given).ok_or_else(|| refused("", "only `authorization: Bearer <token>` is understood"))?;
        // All of them are compared, whichever fits.
        let fits = self.0.iter().fold(Choice::from(0), |fits, known| fits | known.ct_eq(token));
        if fits.into() { Ok(()) } else { Err(refused(r#", error="invalid_token""#, "the token is not known here")) }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", self.0.len())
    }
}

fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

fn refused(detail: &str, message: &str) -> Problem {
    let challenge = HeaderValue::try_from(format!("Bearer realm=\"playhouse\"{detail}")).expect("plain text");
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", message).with_header(WWW_AUTHENTICATE, challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_them_lets_in_and_nothing_else() {
        let tokens = Tokens::new(["first-token", "second"]).unwrap();
        let may = |value: &'static str| {
            let headers = [(AUTHORIZATION, HeaderValue::from_static(value))].into_iter().collect();
            tokens.check(&headers).is_ok()
        };
        for value in ["Bearer first-token", "bearer second", "BEARER  second "] {
            assert!(may(value), "{value}");
        }
        for value in
            ["Bearer", "Bearer ", "second", "Basic second", "Bearer secon", "Bearer second2", "Bearer first-tokes"]
        {
            assert!(!may(value), "{value}");
        }
        assert!(tokens.check(&HeaderMap::new()).is_err());
    }

    #[test]
    fn files_have_comments_and_mistakes_have_no_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        std::fs::write(&path, "# ours\n  one \n\ntwo\n").unwrap();
        assert_eq!(Tokens::from_file(&path).unwrap(), Tokens::new(["one", "two"]).unwrap());
        assert_eq!(Tokens::from_text("one, two\n", "here").unwrap(), Tokens::new(["one", "two"]).unwrap());
        std::fs::write(&path, "# none\n").unwrap();
        let mistakes = [
            (Tokens::from_file(&path), "has no token"),
            (Tokens::new(["fine", "sec ret"]), "in token 2"),
            (Tokens::from_file(folder.path().join("other")), "cannot read"),
        ];
        for (mistake, words) in mistakes {
            let told = mistake.unwrap_err().to_string();
            assert!(told.contains(words) && !told.contains("sec"), "{told}");
        }
        assert_eq!(format!("{:?}", Tokens::new(["secret"]).unwrap()), "Tokens(1)");
    }
}
