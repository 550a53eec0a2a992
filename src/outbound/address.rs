//! Where a peer is.

use std::fmt;

use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use playhouse_actors::ConnectError;

/// The base of all that is asked of a peer, such as `https://host/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    base: Uri,
    /// Without a slash at its end; empty if the peer has the whole host.
    path: String,
}

impl Address {
    /// Reads a URL, with `${NAME}` and `${NAME:-default}` taken from `variable`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConnectError> {
        let filled = fill(text, variable)?;
        let wrong = |what: &str| ConnectError::Url {
            reason: format!("{filled:?} is not a URL to call: {what}; expected one such as https://host/path"),
        };
        let base: Uri = filled.trim().parse().map_err(|error| wrong(&format!("{error}")))?;
        match base.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => {}
            Some(_) => return Err(wrong("its scheme is neither http nor https")),
            None => return Err(wrong("it has no scheme")),
        }
        if base.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            // It would end up in logs and in answers.
            return Err(ConnectError::Url { reason: "a URL to call has no user and no password in it".into() });
        }
        if base.query().is_some() {
            return Err(wrong("it has a query"));
        }
        let path = base.path().trim_end_matches('/').to_owned();
        Ok(Self { base, path })
    }

    /// Whether it is reached through TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.base.scheme() == Some(&Scheme::HTTPS)
    }

    /// Whether the peer shares its host with others.
    pub(super) fn has_path(&self) -> bool {
        !self.path.is_empty()
    }

    /// A path below that of the peer. One that names the peer's path itself, as routes with a prefix do, is kept.
    pub(super) fn below(&self, path: &str) -> Result<Uri, http::Error> {
        let named = path.strip_prefix(&self.path).is_some_and(|rest| rest.starts_with('/'));
        if named { self.at(path) } else { self.at(&format!("{}{path}", self.path)) }
    }

    /// A path of the host.
    pub(super) fn at(&self, path: &str) -> Result<Uri, http::Error> {
        let mut parts = self.base.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(path)?);
        Ok(Uri::from_parts(parts)?)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.base.scheme_str().unwrap_or_default();
        write!(f, "{scheme}://{}{}", self.base.authority().map_or("", |authority| authority.as_str()), self.path)
    }
}

/// Puts variables in their places.
fn fill(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, ConnectError> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            return Err(ConnectError::Url { reason: format!("{text:?} has a `${{` without its `}}`") });
        };
        let (name, default) = name.split_once(":-").map_or((name, None), |(name, default)| (name, Some(default)));
        let value = variable(name).filter(|value| !value.is_empty()).or_else(|| default.map(ToOwned::to_owned));
        let Some(value) = value else {
            let reason = format!(
                "{text:?} needs the variable {name} of the environment, which is not set: set it to where the service is"
            );
            return Err(ConnectError::Url { reason });
        };
        filled.push_str(before);
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Address, String> {
        let variable = |name: &str| match name {
            "HOST" => Some("peer:3000".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        Address::read(text, variable).map_err(|error| error.to_string())
    }

    #[test]
    fn paths_are_below_the_base() {
        let table = [
            ("http://peer:3000", "/classify", "http://peer:3000/classify"),
            ("https://peer/", "/classify", "https://peer/classify"),
            ("https://peer/iris/v1/", "/classify", "https://peer/iris/v1/classify"),
            ("https://peer/iris", "/iris/classify", "https://peer/iris/classify"),
            ("https://peer/iris", "/irises", "https://peer/iris/irises"),
            ("http://${HOST}/a", "/b", "http://peer:3000/a/b"),
            ("${NOWHERE:-http://other:1}/a", "/b", "http://other:1/a/b"),
            ("http://${EMPTY:-[::1]:3000}", "/b", "http://[::1]:3000/b"),
        ];
        for (base, path, expected) in table {
            assert_eq!(read(base).unwrap().below(path).unwrap().to_string(), expected, "{base}");
        }
        assert_eq!(read("http://peer/a/").unwrap().to_string(), "http://peer/a");
    }

    #[test]
    fn what_is_no_url_is_told() {
        let table = [
            ("peer:3000", "has no scheme"),
            ("ftp://peer", "neither http nor https"),
            ("http://peer?a=1", "has a query"),
            ("http://me:secret@peer", "no user and no password"),
            ("http://pe er", "is not a URL"),
            ("${NOWHERE}", "needs the variable NOWHERE"),
            ("${EMPTY}", "needs the variable EMPTY"),
            ("http://${HOST", "without its `}`"),
        ];
        for (text, expected) in table {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected) && !error.contains("secret"), "{text}: {error}");
        }
    }
}
