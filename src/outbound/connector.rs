//! Makes ways to URLs.

use std::env;
use std::sync::Arc;

use actix_rt::ArbiterHandle;
use futures_util::future::BoxFuture;
use playhouse_actors::{ConnectError, Connector, Interface, Remote};
use tokio::sync::oneshot;

use super::address::Address;
use super::peer::{Peer, Way};
use super::transport;
use super::watch::{Found, watch};

/// Makes ways to URLs by HTTP.
pub(crate) struct HttpConnector {
    /// Where peers are looked after: no user code runs there.
    control: ArbiterHandle,
    max_answer: usize,
}

impl HttpConnector {
    /// Answers larger than `max_answer` bytes are not read.
    pub(crate) fn new(control: ArbiterHandle, max_answer: usize) -> Self {
        Self { control, max_answer }
    }

    /// A way to an address, and what its first look will find.
    fn way(&self, address: Address, interface: Interface) -> (Way, oneshot::Receiver<Found>) {
        let peer = Peer::new(address, interface, self.max_answer);
        let (met, meeting) = oneshot::channel();
        let (watched, ended) = oneshot::channel();
        self.control.spawn(watch(Arc::clone(&peer), met, ended));
        (Way { peer, _watched: watched }, meeting)
    }
}

impl Connector for HttpConnector {
    fn connect(&self, interface: Interface, url: &str) -> BoxFuture<'static, Result<Arc<dyn Remote>, ConnectError>> {
        let address = Address::read(url, |name| env::var(name).ok()).and_then(with_tls);
        let way = address.map(|address| (address.to_string(), self.way(address, interface)));
        Box::pin(async move {
            let (url, (way, meeting)) = way?;
            match meeting.await {
                Ok(Found::Mismatch(report)) => Err(ConnectError::Mismatch { url, report }),
                Ok(_) => Ok(Arc::new(way) as Arc<dyn Remote>),
                Err(_) => Err(ConnectError::Unable { reason: "the control thread has ended".into() }),
            }
        })
    }
}

/// An address that can be reached: for TLS there have to be certificates.
fn with_tls(address: Address) -> Result<Address, ConnectError> {
    if address.is_tls() {
        transport::prepare_tls().map_err(|reason| ConnectError::Unable {
            reason: format!("{address} needs the certificates that this machine trusts: {reason}"),
        })?;
    }
    Ok(address)
}
