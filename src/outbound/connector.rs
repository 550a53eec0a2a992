//! Makes ways to URLs.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use actix_rt::ArbiterHandle;
use futures_util::future::BoxFuture;
use playhouse_actors::{ConnectError, Connector, Endpoint, Interface, Remote};
use tokio::sync::oneshot;

use super::address::Address;
use super::figures::OutboundFigures;
use super::peer::{Peer, Way};
use super::reach::Reach;
use super::reply::MAX_ANSWER;
use super::token::Token;
use super::transport::Transport;
use super::trust::{AuthoritiesError, Trust};
use super::watch::{Found, watch};

/// Makes ways to URLs by HTTP.
pub(crate) struct HttpConnector {
    /// Where peers are looked after: no user code runs there.
    control: ArbiterHandle,
    transport: Arc<Transport>,
    figures: Arc<OutboundFigures>,
    max_answer: usize,
}

/// How services at URLs are called.
#[derive(Clone, Debug)]
pub(crate) struct OutboundConfig {
    /// The largest answer that is read, in bytes.
    pub(crate) max_answer: usize,
    /// A file with authorities to trust beside those of this machine, in PEM.
    pub(crate) authorities: Option<PathBuf>,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self { max_answer: MAX_ANSWER, authorities: None }
    }
}

impl HttpConnector {
    /// Makes ways that are looked after by the control thread.
    ///
    /// # Errors
    /// What is wrong with the file of authorities.
    pub(crate) fn new(
        control: ArbiterHandle,
        config: &OutboundConfig,
        figures: Arc<OutboundFigures>,
    ) -> Result<Self, AuthoritiesError> {
        let trust = Trust::read(config.authorities.as_deref())?;
        let transport = Transport::new(trust, Arc::clone(&figures.connections));
        Ok(Self { control, transport, figures, max_answer: config.max_answer })
    }

    /// How a peer is reached, if everything that is needed for it is there.
    fn reach(&self, endpoint: &Endpoint) -> Result<Reach, ConnectError> {
        let address = Address::read(&endpoint.url, |name| env::var(name).ok())?;
        if address.is_tls() {
            self.transport.prepare_tls().map_err(|reason| ConnectError::Unable {
                reason: format!(
                    "{address} needs authorities that are trusted here: {reason}; name some by --depends-ca"
                ),
            })?;
        }
        let token = endpoint.token.clone().map(Token::read).transpose()?;
        Ok(Reach { address, token, transport: Arc::clone(&self.transport) })
    }

    /// A way to a peer, and what its first look will find.
    fn way(&self, reach: Reach, interface: Interface) -> (Way, oneshot::Receiver<Found>) {
        let peer = Peer::new(reach, interface, &self.figures, self.max_answer);
        let (met, meeting) = oneshot::channel();
        let (watched, ended) = oneshot::channel();
        self.control.spawn(watch(Arc::clone(&peer), met, ended));
        (Way { peer, _watched: watched }, meeting)
    }
}

impl Connector for HttpConnector {
    fn connect(
        &self,
        interface: Interface,
        endpoint: &Endpoint,
    ) -> BoxFuture<'static, Result<Arc<dyn Remote>, ConnectError>> {
        let way = self.reach(endpoint).map(|reach| (reach.address.to_string(), self.way(reach, interface)));
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
