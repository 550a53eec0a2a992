//! Where a process listens.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Where a process listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Address {
    /// `host:port`, or `tcp://host:port`.
    Tcp(String),
    /// `unix:/path`, or `unix:@name` for one that is no file (Linux).
    Unix(String),
    /// `memory:name`: within one process.
    Memory(String),
}

/// A text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address: expected host:port, unix:/path or unix:@name")]
pub struct MalformedAddress {
    text: String,
}

impl Address {
    /// Whether only processes of this machine can be there.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Address::Tcp(address) => {
                let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
                let host = host.trim_start_matches('[').trim_end_matches(']');
                host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
            Address::Unix(_) | Address::Memory(_) => true,
        }
    }
}

impl FromStr for Address {
    type Err = MalformedAddress;

    fn from_str(text: &str) -> Result<Self, MalformedAddress> {
        let malformed = || MalformedAddress { text: text.into() };
        if let Some(name) = text.strip_prefix("unix:") {
            let long_enough = name.starts_with('/') || (name.starts_with('@') && name.len() > 1);
            return long_enough.then(|| Address::Unix(name.into())).ok_or_else(malformed);
        }
        if let Some(name) = text.strip_prefix("memory:") {
            return Ok(Address::Memory(name.into()));
        }
        let address = text.strip_prefix("tcp://").unwrap_or(text);
        let (host, port) = address.rsplit_once(':').ok_or_else(malformed)?;
        let is_host = !host.is_empty() && !host.contains('/') && (!host.contains(':') || host.starts_with('['));
        if !is_host || port.parse::<u16>().is_err() {
            return Err(malformed());
        }
        Ok(Address::Tcp(address.into()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => f.write_str(address),
            Address::Unix(name) => write!(f, "unix:{name}"),
            Address::Memory(name) => write!(f, "memory:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        let table = [
            ("127.0.0.1:7001", Address::Tcp("127.0.0.1:7001".into()), true),
            ("tcp://node-1:7001", Address::Tcp("node-1:7001".into()), false),
            ("[::1]:0", Address::Tcp("[::1]:0".into()), true),
            ("0.0.0.0:7001", Address::Tcp("0.0.0.0:7001".into()), false),
            ("localhost:7001", Address::Tcp("localhost:7001".into()), true),
            ("unix:/run/a.sock", Address::Unix("/run/a.sock".into()), true),
            ("unix:@a", Address::Unix("@a".into()), true),
            ("memory:a", Address::Memory("a".into()), true),
        ];
        for (text, address, local) in table {
            assert_eq!(text.parse().as_ref(), Ok(&address), "{text}");
            assert_eq!(address.is_local(), local, "{text}");
            assert_eq!(address.to_string().parse(), Ok(address), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "7001", "host:", "host:70000", "host:7x", ":7001", "http://host:80", "::1:7001", "unix:a", "unix:@"]
        {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("expected host:port"), "{error}");
        }
    }
}
