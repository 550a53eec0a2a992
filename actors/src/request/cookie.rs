//! A cookie that an answer sets.

use std::fmt;
use std::time::Duration;

/// A cookie that an answer sets; see [`Context::set_cookie`](crate::Context::set_cookie).
///
/// ```
/// # use playhouse_actors::Cookie;
/// let cookie = Cookie::new("session", "5f2a").path("/").max_age(std::time::Duration::from_secs(3600)).http_only();
/// assert_eq!(cookie.to_string(), "session=5f2a; Path=/; Max-Age=3600; HttpOnly");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Cookie {
    pub(super) name: String,
    pub(super) value: String,
    attributes: String,
}

impl Cookie {
    /// A cookie that lasts as long as the browser runs, for the path of the request.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), attributes: String::new() }
    }

    /// The paths for which it is sent back.
    pub fn path(self, path: &str) -> Self {
        self.with(&format!("; Path={path}"))
    }

    /// How long it lasts.
    pub fn max_age(self, age: Duration) -> Self {
        self.with(&format!("; Max-Age={}", age.as_secs()))
    }

    /// Keeps it from scripts.
    pub fn http_only(self) -> Self {
        self.with("; HttpOnly")
    }

    /// Sent back by TLS alone.
    pub fn secure(self) -> Self {
        self.with("; Secure")
    }

    /// Sent back to requests that other sites cause: `Strict`, `Lax` or `None`.
    pub fn same_site(self, policy: &str) -> Self {
        self.with(&format!("; SameSite={policy}"))
    }

    fn with(mut self, attribute: &str) -> Self {
        self.attributes.push_str(attribute);
        self
    }

    /// Whether a client reads it as it is meant: a `;` in a value would be the beginning of an attribute.
    pub(super) fn is_valid(&self) -> bool {
        let is_octet = |byte: u8| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
        super::is_token(&self.name) && self.value.bytes().all(is_octet)
    }
}

/// As it stands in the header `set-cookie`.
impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}{}", self.name, self.value, self.attributes)
    }
}

/// Without its value, which is often a secret.
impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({})", self.name)
    }
}
