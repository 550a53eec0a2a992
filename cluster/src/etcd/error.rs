//! Why there is no session with etcd.

use std::{fmt::Write, time::Duration};

use super::Endpoint;

/// Why an etcd server could not be asked, or did not answer. Nothing was changed in any of these cases.
///
/// Instead of a source there is its text: the types below are those of `etcd-client`, which stays a private matter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection came about, or the one there was is lost: nothing listens there, the name has no address, or
    /// no route leads there.
    #[error(
        "etcd at {endpoint} is unreachable ({reason}): check that it runs, and that scheme, host and port are right"
    )]
    Unreachable {
        /// The server asked.
        endpoint: Endpoint,
        /// What the operating system said.
        reason: String,
    },

    /// Something listens there, but it does not speak etcd's protocol.
    #[error(
        "what answers at {endpoint} is not etcd ({reason}): check the port (etcd's client port is 2379 unless set), \
         and http against https"
    )]
    NotEtcd {
        /// The server asked.
        endpoint: Endpoint,
        /// Where the conversation broke off.
        reason: String,
    },

    /// The server did not answer in time: it is stopped or overloaded, or a firewall swallows what is sent to it.
    #[error(
        "etcd at {endpoint} did not answer within {patience:.1?}: check its load, its disk, and firewalls on the way"
    )]
    Timeout {
        /// The server asked.
        endpoint: Endpoint,
        /// How long it was waited for.
        patience: Duration,
    },

    /// Each of several endpoints failed, for a reason of its own.
    #[error("none of the etcd endpoints answered{}", list(.failures))]
    NoneAnswered {
        /// One failure for each endpoint, in the order of the endpoints.
        failures: Vec<Error>,
    },
}

impl Error {
    /// The one failure there is, or all of them as one.
    pub(super) fn of_all(mut failures: Vec<Error>) -> Self {
        match failures.len() {
            1 => failures.remove(0),
            _ => Self::NoneAnswered { failures },
        }
    }
}

/// One line for each failure: their texts name the endpoints.
fn list(failures: &[Error]) -> String {
    failures.iter().fold(String::new(), |mut lines, failure| {
        let _infallible = write!(lines, "\n  {failure}");
        lines
    })
}
