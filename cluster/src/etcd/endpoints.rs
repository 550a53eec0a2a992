//! Where the servers of an etcd cluster listen.

use std::{fmt, str::FromStr};

/// The servers of one etcd cluster, at least one, in the order in which they are tried.
///
/// Parsed from a list with commas, of `host:port` or of URLs:
///
/// ```
/// use playhouse_cluster::Endpoints;
///
/// let endpoints: Endpoints = "10.0.0.1:2379, https://etcd.internal:2379".parse()?;
/// assert_eq!(endpoints.to_string(), "http://10.0.0.1:2379,https://etcd.internal:2379");
/// # Ok::<(), playhouse_cluster::MalformedEndpoint>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints(Vec<Endpoint>);

impl Endpoints {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        self.0.iter()
    }

    /// How many there are; fits `u32` because it divides a duration, and nobody types four billion endpoints.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

impl FromStr for Endpoints {
    type Err = MalformedEndpoint;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        list.split(',').map(|part| Endpoint::parse(part.trim())).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, endpoint) in self.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            write!(f, "{comma}{endpoint}")?;
        }
        Ok(())
    }
}

/// One server, as a URL of scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(part: &str) -> Result<Self, MalformedEndpoint> {
        let malformed = |reason| MalformedEndpoint { part: part.to_owned(), reason };
        let (scheme, rest) = part.split_once("://").unwrap_or(("http", part));
        if !["http", "https"].contains(&scheme) {
            return Err(malformed("its scheme is neither http nor https"));
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        check_authority(authority).map_err(malformed)?;
        Ok(Self(format!("{scheme}://{authority}")))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part of a list of endpoints that names no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("etcd endpoint {part:?}: {reason}; write it as host:port or http://host:port")]
pub struct MalformedEndpoint {
    part: String,
    reason: &'static str,
}

fn check_authority(authority: &str) -> Result<(), &'static str> {
    if authority.is_empty() {
        return Err("it is empty");
    }
    if authority.contains(['/', '?', '#']) {
        return Err("it has a path, and etcd has none");
    }
    if authority.contains('@') {
        return Err("it has a user, and those are given apart from the address");
    }
    let Some((host, port)) = authority.rsplit_once(':') else {
        return Err("it has no port (etcd's is 2379 unless set)");
    };
    check_host(host)?;
    check_port(port)
}

fn check_host(host: &str) -> Result<(), &'static str> {
    let in_brackets = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match in_brackets {
        Some(address) if address.parse::<std::net::Ipv6Addr>().is_ok() => Ok(()),
        Some(_) => Err("what is in brackets is no IPv6 address"),
        None if host.is_empty() => Err("it has no host"),
        None if host.contains(':') => Err("an IPv6 address goes in brackets, as in [::1]:2379"),
        None if host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) => Ok(()),
        None => Err("its host has a character that no host name has"),
    }
}

fn check_port(port: &str) -> Result<(), &'static str> {
    // `parse` alone would take "+2379".
    let digits = port.chars().all(|c| c.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(1..) if digits => Ok(()),
        _ => Err("its port is no number from 1 to 65535"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(list: &str) -> Result<String, String> {
        list.parse::<Endpoints>().map(|endpoints| endpoints.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_and_urls_become_urls() {
        let table = [
            ("localhost:2379", "http://localhost:2379"),
            ("http://10.0.0.1:2379/", "http://10.0.0.1:2379"),
            ("https://etcd-0.etcd.svc:443", "https://etcd-0.etcd.svc:443"),
            ("[::1]:2379", "http://[::1]:2379"),
            ("a:1,b:2 , http://c:3", "http://a:1,http://b:2,http://c:3"),
        ];
        for (list, urls) in table {
            assert_eq!(parse(list).as_deref(), Ok(urls), "{list}");
        }
    }

    #[test]
    fn malformed_parts_are_named() {
        let table = [
            ("", r#""": it is empty"#),
            ("a:1,", r#""": it is empty"#),
            ("a:1,b", r#""b": it has no port"#),
            ("a:1,b:x", r#""b:x": its port"#),
            ("a:0", r#""a:0": its port"#),
            ("a:+1", r#""a:+1": its port"#),
            ("a:65536", r#""a:65536": its port"#),
            (":2379", r#"":2379": it has no host"#),
            ("::1:2379", r#""::1:2379": an IPv6 address goes in brackets"#),
            ("[::g]:2379", r#""[::g]:2379": what is in brackets"#),
            ("a b:1", r#""a b:1": its host has a character"#),
            ("ftp://a:1", r#""ftp://a:1": its scheme"#),
            ("http://a:1/v3", r#""http://a:1/v3": it has a path"#),
            ("root:secret@a:1", "it has a user"),
        ];
        for (list, complaint) in table {
            let error = parse(list).expect_err(list);
            assert!(error.contains(complaint), "{list}: {error}");
        }
    }
}
