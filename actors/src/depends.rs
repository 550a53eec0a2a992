//! Dependencies that are bound to a URL: `#[depends(url = "https://..")]` on a parameter of a constructor.
//!
//! Nothing here opens a socket: whoever does gives the runtime a [`Connector`].

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Serialize, Serializer};

use crate::any_client::AnyClient;
use crate::client::{Client, ServiceClient};
use crate::description::ServiceDescription;
use crate::endpoint::Endpoint;
use crate::remote::Remote;

/// A client that can be bound to a URL: that of a service, or [`AnyClient`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be bound to a URL",
    note = "`#[depends(..)]` goes on the client of a service (`FooClient`), or on `AnyClient`"
)]
pub trait Depends: Sized {
    /// What the client expects of whoever answers at the URL.
    fn interface() -> Interface;

    /// The client itself, on top of the one that sends messages as values.
    fn bound(client: Client) -> Self;
}

#[diagnostic::do_not_recommend]
impl<C: ServiceClient> Depends for C {
    fn interface() -> Interface {
        Interface { service: Some(C::SERVICE), describe: C::description }
    }

    fn bound(client: Client) -> Self {
        Self::from(client)
    }
}

impl Depends for AnyClient {
    fn interface() -> Interface {
        Interface { service: None, describe: || None }
    }

    fn bound(client: Client) -> Self {
        Self::of(client)
    }
}

/// What a client expects of whoever answers: the service whose methods it calls, if it has one.
#[derive(Clone, Copy, Debug)]
pub struct Interface {
    service: Option<&'static str>,
    describe: fn() -> Option<ServiceDescription>,
}

impl Interface {
    /// The name of the service; `None` if the client calls by names.
    #[must_use]
    pub fn service(&self) -> Option<&'static str> {
        self.service
    }

    /// The methods with their types, as far as the client knows them.
    #[must_use]
    pub fn description(&self) -> Option<ServiceDescription> {
        (self.describe)()
    }
}

/// By the name: one name of a service has one type in a process.
impl PartialEq for Interface {
    fn eq(&self, other: &Self) -> bool {
        self.service == other.service
    }
}

impl Eq for Interface {}

impl Serialize for Interface {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.service.serialize(serializer)
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.service.unwrap_or("a service"))
    }
}

/// Makes ways to services at URLs. Implemented by whatever speaks to them.
pub trait Connector: Send + Sync {
    /// Makes a way to the service there.
    ///
    /// Whoever is there is asked what it offers, for a short time. That nobody answers is no error: the way is there
    /// nevertheless, says what the [trouble](Remote::trouble) is, and recovers by itself.
    fn connect(
        &self,
        interface: Interface,
        endpoint: &Endpoint,
    ) -> BoxFuture<'static, Result<Arc<dyn Remote>, ConnectError>>;
}

/// Why there is no way to a URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The text is no URL, or names a variable that is not set.
    #[error("{reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// There is no token where one is said to be.
    #[error("{reason}")]
    Token {
        /// Where, and what is wrong.
        reason: String,
    },
    /// Whoever answers there does not offer what the client would call.
    #[error("{url} does not offer what is called:{report}")]
    Mismatch {
        /// Where.
        url: String,
        /// Everything that does not fit, on lines of their own.
        report: String,
    },
    /// The runtime was not given a [`Connector`].
    #[error("nothing here can call a URL: start the service by `App` or `Node`")]
    NoConnector,
    /// What is needed to speak to anybody is not to be had, such as the certificates of this machine.
    #[error("{reason}")]
    Unable {
        /// What is missing.
        reason: String,
    },
}
