//! A session with one server of an etcd cluster. The only file that knows the crate `etcd-client`.
//!
//! `etcd-client` balances each call over all endpoints and never takes a dead one out, so that with one of three
//! servers down a quarter of the calls fail. A session therefore stays with one server, and whoever loses it connects
//! again.

mod endpoints;
mod error;

use std::{error::Error as _, fmt, iter, time::Duration};

use etcd_client::{Client, ConnectOptions, ResponseHeader, StatusResponse};
use tokio::time::{Instant, timeout};

pub use self::{
    endpoints::{Endpoint, Endpoints, MalformedEndpoint},
    error::Error,
};

/// A session with one etcd server. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub struct Etcd {
    client: Client,
    endpoint: Endpoint,
    call_timeout: Duration,
}

impl Etcd {
    /// Opens a session with the first of `endpoints` that answers as an etcd server does, in their order.
    ///
    /// All of them together get `patience`: each one an equal share of what is left, so that a silent server
    /// does not use up the time of the next one. Calls of the session get `patience` each.
    ///
    /// # Errors
    ///
    /// Of one endpoint its own [`Error`], of several [`Error::NoneAnswered`] with all of them. Nothing stays open.
    pub async fn connect(endpoints: &Endpoints, patience: Duration) -> Result<Self, Error> {
        let deadline = Instant::now() + patience;
        let mut failures = Vec::new();
        for (endpoint, untried) in endpoints.iter().zip((1..=endpoints.len()).rev()) {
            let share = deadline.saturating_duration_since(Instant::now()) / untried;
            match Self::open(endpoint, share).await {
                Ok(client) => return Ok(Self { client, endpoint: endpoint.clone(), call_timeout: patience }),
                Err(failure) => failures.push(failure),
            }
        }
        Err(Error::of_all(failures))
    }

    /// Asks the server how it is.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] after the `patience` given to [`Etcd::connect`]; [`Error::Unreachable`] when the connection
    /// is lost: a server that was etcd once is not suspected of being something else.
    pub async fn status(&self) -> Result<ServerStatus, Error> {
        // A clone because the client's methods take `&mut self`; it shares the connection.
        let mut client = self.client.clone();
        let answer = within(self.call_timeout, &self.endpoint, client.status()).await?;
        answer.map(|answer| ServerStatus::of(&answer)).map_err(|failure| Error::unreachable(&self.endpoint, &failure))
    }

    /// `Client::connect` opens no connection before the first call, so only an answer proves that there is a server.
    async fn open(endpoint: &Endpoint, patience: Duration) -> Result<Client, Error> {
        let options = ConnectOptions::new().with_connect_timeout(patience);
        let first_answer = within(patience, endpoint, async {
            let mut client = Client::connect([endpoint.as_str()], Some(options)).await?;
            client.status().await?;
            Ok(client)
        });
        first_answer.await?.map_err(|failure| Error::of_stranger(endpoint, &failure))
    }
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Etcd").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// How an etcd server is, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerStatus {
    /// The server's version, such as `3.5.21`.
    pub version: String,
    /// The cluster that the server is a member of.
    pub cluster_id: ClusterId,
    /// Whether the server knows a leader. Without one it answers this question but no read or write of data.
    pub has_leader: bool,
}

impl ServerStatus {
    fn of(answer: &StatusResponse) -> Self {
        Self {
            version: answer.version().to_owned(),
            cluster_id: ClusterId(answer.header().map_or(0, ResponseHeader::cluster_id)),
            // etcd writes "no leader" as member 0.
            has_leader: answer.leader() != 0,
        }
    }
}

/// Identifies an etcd cluster. Written in hexadecimal, as `etcdctl` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClusterId(u64);

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// Waits for `call`, but no longer than `patience`.
async fn within<T>(patience: Duration, endpoint: &Endpoint, call: impl Future<Output = T>) -> Result<T, Error> {
    timeout(patience, call).await.map_err(|_elapsed| Error::Timeout { endpoint: endpoint.clone(), patience })
}

impl Error {
    /// Of a server that has answered before.
    fn unreachable(endpoint: &Endpoint, failure: &etcd_client::Error) -> Self {
        Self::Unreachable { endpoint: endpoint.clone(), reason: reason(failure) }
    }

    /// Of something at `endpoint` that has not answered yet as etcd does.
    fn of_stranger(endpoint: &Endpoint, failure: &etcd_client::Error) -> Self {
        // gRPC's number for `UNAVAILABLE`, which the client gives where no connection came about.
        const UNAVAILABLE: i32 = 14;
        match failure {
            etcd_client::Error::GRpcStatus(status) if i32::from(status.code()) == UNAVAILABLE => {
                Self::unreachable(endpoint, failure)
            }
            _ => Self::NotEtcd { endpoint: endpoint.clone(), reason: reason(failure) },
        }
    }
}

/// The innermost cause. The layers around it ("transport error", "connection error") only repeat that there is one.
fn reason(failure: &etcd_client::Error) -> String {
    let etcd_client::Error::GRpcStatus(status) = failure else {
        return failure.to_string();
    };
    let causes = iter::successors(status.source(), |&cause| cause.source());
    causes.last().map_or_else(|| status.message().to_owned(), ToString::to_string)
}
