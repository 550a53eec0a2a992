//! The URLs that the services of a runtime are bound to, and the ways there.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;

use crate::definition::Definition;
use crate::depends::{ConnectError, Connector, Interface};
use crate::description::{RequirementKind, ServiceDescription};
use crate::endpoint::{Endpoint, TokenSource, TokenSourceError};
use crate::group::TIMEOUT;
use crate::remote::Remote;
use crate::router::{Route, Routes};

/// What a runtime knows of URLs before it starts.
#[derive(Default)]
pub(crate) struct Bindings {
    connector: Option<Arc<dyn Connector>>,
    /// What is said in place of the code.
    told: HashMap<Parameter, Told>,
    bound: Mutex<HashMap<Parameter, Dependency>>,
}

/// What is said of a parameter in place of the code.
#[derive(Default)]
struct Told {
    url: Option<String>,
    token: Option<TokenSource>,
}

/// A parameter of a service's constructor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Parameter {
    service: String,
    name: String,
}

/// What a service depends on that is bound to a URL. Cheap to clone.
#[derive(Clone)]
pub struct Dependency(Arc<Inner>);

struct Inner {
    parameter: &'static str,
    interface: Interface,
    remote: Arc<dyn Remote>,
    routes: Arc<Routes>,
}

/// A dependency that a service cannot be bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingError {
    /// The service that depends on it.
    pub service: String,
    /// The parameter of its constructor.
    pub parameter: String,
    /// What is wrong.
    pub error: ConnectError,
}

impl Bindings {
    pub(crate) fn set_connector(&mut self, connector: Arc<dyn Connector>) {
        self.connector = Some(connector);
    }

    pub(crate) fn set_url(&mut self, service: String, parameter: String, url: String) {
        self.told.entry(Parameter { service, name: parameter }).or_default().url = Some(url);
    }

    pub(crate) fn set_token(&mut self, service: String, parameter: String, token: TokenSource) {
        self.told.entry(Parameter { service, name: parameter }).or_default().token = Some(token);
    }

    /// A parameter of which something is said and that none of these services has, with those that it has.
    pub(crate) fn stray<'a>(&'a self, services: &'a [&ServiceDescription]) -> Option<(&'a str, &'a str, String)> {
        self.told.keys().find_map(|Parameter { service, name }| {
            // A service that is not there is another mistake, and told as such.
            let description = services.iter().find(|description| description.name == service)?;
            let known: Vec<&str> = description.bound_parameters().collect();
            (!known.contains(&name.as_str())).then(|| (service.as_str(), name.as_str(), known.join(", ")))
        })
    }

    /// The services of which something is said.
    pub(crate) fn services(&self) -> impl Iterator<Item = &str> {
        self.told.keys().map(|parameter| parameter.service.as_str())
    }

    /// Makes the ways that these services need and that are not there yet, all at the same time.
    ///
    /// # Errors
    /// All that cannot be made.
    pub(crate) async fn bind(&self, definitions: impl Iterator<Item = &Definition>) -> Result<(), Vec<BindingError>> {
        let wanted = definitions.flat_map(|definition| self.wanted(&definition.description));
        let made = join_all(wanted.map(|wanted| self.make(wanted))).await;
        let mut errors = Vec::new();
        for result in made {
            match result {
                Ok((parameter, dependency)) => drop(self.bound().insert(parameter, dependency)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Makes a way that belongs to no service's constructor.
    pub(crate) async fn connect(&self, interface: Interface, endpoint: &Endpoint) -> Result<Arc<Routes>, ConnectError> {
        let remote = self.remote(interface, endpoint).await?;
        Ok(routes(interface, &remote))
    }

    /// The dependencies of a service that are bound to URLs, in the order of its constructor.
    pub(crate) fn of(&self, description: &ServiceDescription) -> Vec<Dependency> {
        let bound = self.bound();
        let parameter = |name: &'static str| Parameter { service: description.name.into(), name: name.into() };
        description.bound_parameters().filter_map(|name| bound.get(&parameter(name)).cloned()).collect()
    }

    fn wanted(&self, description: &ServiceDescription) -> Vec<Wanted> {
        let bound = self.bound();
        let wanted = description.requirements.iter().filter_map(|requirement| {
            let RequirementKind::Url { interface, url, token } = requirement.kind else { return None };
            let parameter = Parameter { service: description.name.into(), name: requirement.parameter.into() };
            let (name, told) = (requirement.parameter, self.told.get(&parameter));
            let url = told.and_then(|told| told.url.clone()).unwrap_or_else(|| url.into());
            let told = told.and_then(|told| told.token.clone()).map(Ok);
            let token = told.or_else(|| token.map(TokenSource::from_str)).transpose();
            let endpoint = token.map(|token| Endpoint { url, token });
            Some(Wanted { name, parameter, interface, endpoint })
        });
        wanted.filter(|wanted| !bound.contains_key(&wanted.parameter)).collect()
    }

    async fn make(&self, wanted: Wanted) -> Result<(Parameter, Dependency), BindingError> {
        let Wanted { name, parameter, interface, endpoint } = wanted;
        let remote = match endpoint {
            Ok(endpoint) => self.remote(interface, &endpoint).await,
            Err(error) => Err(ConnectError::Token { reason: error.to_string() }),
        };
        match remote {
            Ok(remote) => {
                let routes = routes(interface, &remote);
                Ok((parameter, Dependency(Arc::new(Inner { parameter: name, interface, remote, routes }))))
            }
            Err(error) => Err(BindingError { service: parameter.service, parameter: parameter.name, error }),
        }
    }

    async fn remote(&self, interface: Interface, endpoint: &Endpoint) -> Result<Arc<dyn Remote>, ConnectError> {
        let connector = self.connector.as_ref().ok_or(ConnectError::NoConnector)?;
        connector.connect(interface, endpoint).await
    }

    fn bound(&self) -> MutexGuard<'_, HashMap<Parameter, Dependency>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A way that is still to be made.
struct Wanted {
    name: &'static str,
    parameter: Parameter,
    interface: Interface,
    endpoint: Result<Endpoint, TokenSourceError>,
}

/// The one route of a dependency. Its calls have the deadline that the service's own code asks for.
fn routes(interface: Interface, remote: &Arc<dyn Remote>) -> Arc<Routes> {
    let timeout = interface.description().and_then(|description| description.settings.traffic.timeout);
    let name = interface.service().unwrap_or_else(|| remote.replica().as_str());
    let routes = Routes::new(name, timeout.unwrap_or(TIMEOUT));
    routes.add(Route::Remote(Arc::clone(remote)));
    routes
}

impl Dependency {
    /// The parameter of the constructor.
    #[must_use]
    pub fn parameter(&self) -> &'static str {
        self.0.parameter
    }

    /// The service that is expected there; `None` if it is called by names.
    #[must_use]
    pub fn service(&self) -> Option<&'static str> {
        self.0.interface.service()
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        self.0.remote.replica().as_str()
    }

    /// Why it cannot be called at this moment, as far as is known here. Asks nobody.
    #[must_use]
    pub fn trouble(&self) -> Option<Arc<str>> {
        self.0.remote.trouble()
    }

    pub(crate) fn routes(&self) -> &Arc<Routes> {
        &self.0.routes
    }
}

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: {}", self.service, self.parameter, self.error)
    }
}
