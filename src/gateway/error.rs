//! Why the gateway did not start.

use std::io;
use std::path::PathBuf;

/// Why the gateway did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// Somebody else has the port.
    #[error(
        "{host}:{port} is in use: stop the program that listens there, or choose another port (0 takes a free one)"
    )]
    InUse {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {host}:{port}: {source}")]
    Bind {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
    /// No service has the name of the entry.
    #[error("the entry {entry} is not a service of this program: there is {known}")]
    UnknownEntry {
        /// What was asked for.
        entry: String,
        /// The names of the services.
        known: String,
    },
    /// A path is asked for that names something else already.
    #[error("the route {path} of {method} is taken by {other}: choose another in #[api(route = \"..\")]")]
    TakenRoute {
        /// The method that asks for it.
        method: String,
        /// The path.
        path: String,
        /// What is there.
        other: String,
    },
    /// There is nothing to answer with.
    #[error("there are no services to serve: add one with `.service::<Foo>()`")]
    NoServices,
    /// A file that the settings name cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The tokens are of no use.
    #[error("{place} {what}: expected one token on each line, or between commas in the environment")]
    Tokens {
        /// Where they are from.
        place: String,
        /// What is wrong; never a token itself.
        what: String,
    },
    /// A file of the certificate is of no use.
    #[error("{}: {what}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The settings for pages of other origins do not fit together.
    #[error("the settings for other origins (CORS): {0}")]
    Cors(String),
    /// Own paths are where a service or the gateway itself answers.
    #[error("own paths cannot be at {prefix}: {what}")]
    Routes {
        /// Where they were to be.
        prefix: String,
        /// What is there, or what is wrong with the prefix.
        what: String,
    },
    /// The threads of the server did not start.
    #[error("cannot start the threads of the gateway: {0}")]
    Threads(#[source] io::Error),
}

impl GatewayError {
    pub(super) fn bind(host: &str, port: u16, source: io::Error) -> Self {
        let host = host.to_owned();
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { host, port },
            _ => Self::Bind { host, port, source },
        }
    }
}
