//! `#[depends(url = "https://..")]`: where the service behind a client is.

use syn::{Attribute, LitStr};

use crate::mistakes::Mistakes;
use crate::options::{Form, Given, Known, Options, Table};

const TABLE: Table = Table {
    attribute: "#[depends]",
    known: &[
        Known { key: "url", form: Form::Text { check: check_url, example: "https://host/path" } },
        Known { key: "token", form: Form::Text { check: check_token, example: "env:NAME" } },
        Known { key: "deployment", form: Form::NotYet("bind the client to a `url`") },
        Known { key: "cluster", form: Form::NotYet("bind the client to a `url`") },
    ],
};

/// What a client is bound to.
pub(crate) struct Depends {
    pub(crate) url: LitStr,
    /// Where the bearer token is.
    pub(crate) token: Option<LitStr>,
}

impl Depends {
    /// Reads the attribute.
    pub(super) fn read(attribute: &Attribute, mistakes: &mut Mistakes) -> Option<Self> {
        let mut inside = Mistakes::default();
        let options = Options::of(&attribute.meta, &TABLE, &mut inside);
        // A URL that is wrong is not missing too.
        if let Some(error) = inside.into_result().err() {
            mistakes.add(error);
            return None;
        }
        let Some(Given::Literal(url)) = options.get("url") else {
            mistakes.note(attribute, "where the service is, is missing: `#[depends(url = \"https://host/path\")]`");
            return None;
        };
        let token = match options.get("token") {
            Some(Given::Literal(token)) => Some(token.clone()),
            _ => None,
        };
        Some(Self { url: url.clone(), token })
    }
}

/// Checks that it says where a token is. It does not repeat what it says instead.
fn check_token(text: &str) -> Result<(), String> {
    let is_place = |rest: Option<&str>| rest.is_some_and(|rest| !rest.trim().is_empty());
    if is_place(text.strip_prefix("env:")) || is_place(text.strip_prefix("file:")) {
        return Ok(());
    }
    Err("a token does not stand in the code: say where it is, as in `env:NAME` or `file:PATH`".into())
}

/// Checks what can be seen before variables of the environment are filled in.
fn check_url(text: &str) -> Result<(), String> {
    let expected = "write it as `https://host/path`, or take it from the environment as `${NAME}`";
    let wrong = |what: &str| Err(format!("`{text}` is not a URL: {what}; {expected}"));
    if text.contains(char::is_whitespace) {
        return wrong("it has a space in it");
    }
    if text.starts_with("${") {
        return Ok(());
    }
    let Some((scheme, rest)) = text.split_once("://") else { return wrong("it has no scheme") };
    if !["http", "https"].contains(&scheme) && !scheme.contains("${") {
        return wrong("its scheme is neither http nor https");
    }
    if rest.is_empty() || rest.starts_with(['/', ':']) {
        return wrong("it names no host");
    }
    if !rest.contains("${") && rest.contains(['?', '#', '@']) {
        return wrong("it has more than a host, a port and a path");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check_token, check_url};

    #[test]
    fn urls() {
        for text in
            ["http://a", "https://a.b:1/c/", "http://[::1]:3000", "${URL}", "http://${HOST}:3000/x", "${A:-http://a}"]
        {
            assert_eq!(check_url(text), Ok(()), "{text}");
        }
        for text in
            ["", "a:3000", "ftp://a", "http://", "http:///x", "http://a b", "http://a?b=1", "http://u:p@a", "grpc://a"]
        {
            assert!(check_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tokens_are_somewhere_else() {
        assert_eq!([check_token("env:A"), check_token("file:/a")], [Ok(()), Ok(())]);
        for text in ["", "env:", "file: ", "s3cret", "Bearer s3cret"] {
            assert!(check_token(text).is_err_and(|told| !told.contains("s3cret")), "{text}");
        }
    }
}
