//! Bearer tokens: who may call.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use arc_swap::ArcSwap;
use subtle::{Choice, ConstantTimeEq};

use super::error::GatewayError;
use super::problem::Problem;
use super::renewal::Watched;

/// Bearer tokens, any of which lets a request in; see [`GatewayConfig::tokens`](crate::GatewayConfig::tokens).
///
/// They are secrets: nothing prints them, and how long it takes to refuse a wrong one says nothing of the right ones but
/// their lengths.
#[derive(Clone, Default)]
pub struct Tokens {
    given: Vec<Token>,
    files: Vec<Arc<TokenFile>>,
}

type Token = Box<[u8]>;

/// A file of tokens that is read anew when it has changed.
struct TokenFile {
    path: PathBuf,
    tokens: ArcSwap<Vec<Token>>,
    watched: Watched,
}

impl Tokens {
    /// These tokens.
    ///
    /// # Errors
    /// When there is none, or one with characters that cannot be sent.
    pub fn new<S: AsRef<str>>(tokens: impl IntoIterator<Item = S>) -> Result<Self, GatewayError> {
        Ok(Self { given: read(tokens, "the list of tokens")?, files: Vec::new() })
    }

    /// The tokens of a file: one on each line; empty lines and those that begin with `#` are passed over. It is read again
    /// when it changes, a second later at the latest; a new one that is of no use is told in the log, and the old tokens
    /// stay.
    ///
    /// # Errors
    /// When the file cannot be read, has no token, or one with characters that cannot be sent.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, GatewayError> {
        let path = path.as_ref().to_owned();
        let watched = Watched::new([path.clone()]);
        let tokens = ArcSwap::from_pointee(read_file(&path)?);
        Ok(Self { given: Vec::new(), files: vec![Arc::new(TokenFile { path, tokens, watched })] })
    }

    /// The tokens of a text, between commas or spaces.
    ///
    /// # Errors
    /// As [`Tokens::new`]; `place` is where the text is from.
    pub(crate) fn from_text(text: &str, place: &str) -> Result<Self, GatewayError> {
        let tokens = text.split([',', ' ', '\n']).filter(|token| !token.is_empty());
        Ok(Self { given: read(tokens, place)?, files: Vec::new() })
    }

    /// All of both.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.given.extend(others.given);
        self.files.extend(others.files);
        self
    }

    /// Whether a request may come in.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let Some(given) = headers.get(AUTHORIZATION) else {
            return Err(refused("", "a token is needed: send it as `authorization: Bearer <token>`"));
        };
        let token = bearer(given).ok_or_else(|| refused("", "only `authorization: Bearer <token>` is understood"))?;
        let fits = self.files.iter().fold(fits(&self.given, token), |fit, file| fit | fits(&file.current(), token));
        if fits.into() { Ok(()) } else { Err(refused(r#", error="invalid_token""#, "the token is not known here")) }
    }
}

impl TokenFile {
    /// Its tokens, as the file is now.
    fn current(&self) -> Arc<Vec<Token>> {
        if self.watched.have_changed() {
            match read_file(&self.path) {
                Ok(tokens) => {
                    tracing::info!(
                        "the tokens of {} have been read anew: there are {}",
                        self.path.display(),
                        tokens.len()
                    );
                    self.tokens.store(Arc::new(tokens));
                }
                Err(error) => tracing::warn!(%error, "the new tokens are of no use, the old ones stay"),
            }
        }
        self.tokens.load_full()
    }
}

fn read_file(path: &Path) -> Result<Vec<Token>, GatewayError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| GatewayError::Unreadable { path: path.to_owned(), source })?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    read(lines, &path.display().to_string())
}

fn read<S: AsRef<str>>(tokens: impl IntoIterator<Item = S>, place: &str) -> Result<Vec<Token>, GatewayError> {
    let wrong = |what: &str| GatewayError::Tokens { place: place.to_owned(), what: what.to_owned() };
    let tokens: Vec<Token> = tokens.into_iter().map(|token| token.as_ref().as_bytes().into()).collect();
    if tokens.is_empty() {
        return Err(wrong("has no token, so that nobody could call"));
    }
    let is_sendable = |token: &[u8]| !token.is_empty() && token.iter().all(u8::is_ascii_graphic);
    match tokens.iter().position(|token| !is_sendable(token)) {
        Some(index) => Err(wrong(&format!("has spaces or other than visible ASCII characters in token {}", index + 1))),
        None => Ok(tokens),
    }
}

/// Whether a token is one of those that are known. All of them are compared, whichever fits.
fn fits(known: &[Token], token: &[u8]) -> Choice {
    known.iter().fold(Choice::from(0), |fits, known| fits | known.ct_eq(token))
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_files = self.files.iter().map(|file| file.tokens.load().len()).sum::<usize>();
        write!(f, "Tokens({})", self.given.len() + in_files)
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
    use std::time::Duration;

    use super::*;

    fn lets_in(tokens: &Tokens, value: &str) -> bool {
        let headers = [(AUTHORIZATION, HeaderValue::from_str(value).unwrap())].into_iter().collect();
        tokens.check(&headers).is_ok()
    }

    #[test]
    fn any_of_them_lets_in_and_nothing_else() {
        let tokens = Tokens::new(["first-token", "second"]).unwrap();
        for value in ["Bearer first-token", "bearer second", "BEARER  second "] {
            assert!(lets_in(&tokens, value), "{value}");
        }
        for value in
            ["Bearer", "Bearer ", "second", "Basic second", "Bearer secon", "Bearer second2", "Bearer first-tokes"]
        {
            assert!(!lets_in(&tokens, value), "{value}");
        }
        assert!(tokens.check(&HeaderMap::new()).is_err());
    }

    #[test]
    fn files_have_comments_and_mistakes_have_no_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        std::fs::write(&path, "# ours\n  one \n\ntwo\n").unwrap();
        let read = read_file(&path).unwrap();
        assert_eq!(read, [Token::from(*b"one"), Token::from(*b"two")]);
        assert_eq!(Tokens::from_text("one, two\n", "here").unwrap().given, read);
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

    #[tokio::test(start_paused = true)]
    async fn a_file_that_has_changed_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let rewritten = async |content: &str| {
            std::fs::write(&path, content).unwrap();
            tokio::time::advance(Duration::from_secs(1)).await;
        };
        rewritten("first\n").await;
        let tokens = Tokens::from_file(&path).unwrap().and(Tokens::new(["fixed"]).unwrap());
        rewritten("a new one\n").await;
        assert!(lets_in(&tokens, "Bearer first"), "one with spaces is of no use: the old ones stay");
        rewritten("another-one\n").await;
        assert!(lets_in(&tokens, "Bearer another-one") && lets_in(&tokens, "Bearer fixed"));
        assert!(!lets_in(&tokens, "Bearer first"), "what was taken away is not known any more");
        std::fs::remove_file(&path).unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(lets_in(&tokens, "Bearer another-one"), "nothing was taken away: the file is not there to say so");
    }
}
