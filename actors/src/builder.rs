//! What a runtime is to run.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::bindings::Bindings;
use crate::definition::Definition;
use crate::depends::Connector;
use crate::description::{ServiceDescription, Settings};
use crate::endpoint::TokenSource;
use crate::executor::Executor;
use crate::graph::{Vertex, layers};
use crate::group::{START_LIMIT, TIMEOUT};
use crate::inject::Provisions;
use crate::remote::Remote;
use crate::router::Route;
use crate::runtime::{Runtime, StartError};
use crate::service::Service;

/// Describes a runtime; see [`Runtime::builder`].
pub struct Builder {
    executor: Executor,
    definitions: Vec<Definition>,
    settings: HashMap<String, Settings>,
    remotes: Vec<(String, Arc<dyn Remote>)>,
    elsewhere: Vec<String>,
    /// Services of the program that are not to run here: it is no mistake to give settings for them.
    left_out: Vec<String>,
    provisions: Provisions,
    bindings: Bindings,
    start_limit: Duration,
}

/// A service that is to be started.
pub(crate) struct Planned {
    pub(crate) definition: Arc<Definition>,
    pub(crate) settings: Settings,
}

impl Builder {
    pub(crate) fn new(executor: Executor) -> Self {
        Self {
            executor,
            definitions: Vec::new(),
            settings: HashMap::new(),
            remotes: Vec::new(),
            elsewhere: Vec::new(),
            left_out: Vec::new(),
            provisions: Provisions::default(),
            bindings: Bindings::default(),
            start_limit: START_LIMIT,
        }
    }

    /// Runs the services elsewhere than was said at first.
    #[must_use]
    pub fn executor(mut self, executor: Executor) -> Self {
        self.executor = executor;
        self
    }

    /// Runs a group of this service.
    #[must_use]
    pub fn service<S: Service>(self) -> Self {
        self.definition(Definition::of::<S>())
    }

    /// Runs a group of a service whose definition is at hand.
    #[must_use]
    pub fn definition(mut self, definition: Definition) -> Self {
        self.definitions.push(definition);
        self
    }

    /// Lays settings over those in the code of a service.
    #[must_use]
    pub fn settings(mut self, service: impl Into<String>, settings: Settings) -> Self {
        self.settings.insert(service.into(), settings);
        self
    }

    /// Makes a replica in another process known.
    #[must_use]
    pub fn remote(mut self, service: impl Into<String>, remote: Arc<dyn Remote>) -> Self {
        self.remotes.push((service.into(), remote));
        self
    }

    /// Expects replicas of this service in other processes: services may depend on it before one is known.
    #[must_use]
    pub fn elsewhere(mut self, service: impl Into<String>) -> Self {
        self.elsewhere.push(service.into());
        self
    }

    /// Runs only those of the services that `runs` says; see [`Builder::elsewhere`] for the others.
    #[must_use]
    pub fn only(mut self, runs: impl Fn(&ServiceDescription) -> bool) -> Self {
        let definitions = self.definitions.into_iter();
        let (here, others): (Vec<_>, Vec<_>) = definitions.partition(|definition| runs(definition.description()));
        self.definitions = here;
        self.left_out.extend(others.into_iter().map(|definition| definition.description.name.to_owned()));
        self
    }

    /// Gives constructors something to draw on; see [`InitContext::provision`](crate::InitContext::provision).
    #[must_use]
    pub fn provide<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.provisions.insert(value);
        self
    }

    /// Sets what [`Config`](crate::Config) reads for a service.
    #[must_use]
    pub fn configure(mut self, service: impl Into<String>, configuration: serde_json::Value) -> Self {
        self.provisions.configure(service, configuration);
        self
    }

    /// Says how services at URLs are reached, for parameters with `#[depends(url = "..")]`.
    #[must_use]
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.bindings.set_connector(connector);
        self
    }

    /// Binds a parameter with `#[depends(url = "..")]` to another URL than the one in the code.
    #[must_use]
    pub fn depends(mut self, service: impl Into<String>, parameter: impl Into<String>, url: impl Into<String>) -> Self {
        self.bindings.set_url(service.into(), parameter.into(), url.into());
        self
    }

    /// Says where the bearer token of such a parameter is, in place of what the code says.
    #[must_use]
    pub fn depends_token(
        mut self,
        service: impl Into<String>,
        parameter: impl Into<String>,
        token: TokenSource,
    ) -> Self {
        self.bindings.set_token(service.into(), parameter.into(), token);
        self
    }

    /// The longest time one service may take to start, and one constructor to run.
    #[must_use]
    pub fn start_limit(mut self, limit: Duration) -> Self {
        self.start_limit = limit;
        self
    }

    /// The services in the order in which they were given.
    #[must_use]
    pub fn descriptions(&self) -> Vec<&ServiceDescription> {
        self.definitions.iter().map(Definition::description).collect()
    }

    /// What was given by [`Builder::provide`] under a type.
    #[must_use]
    pub fn provision<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.provisions.get()
    }

    /// The order in which the services would start: each layer needs only layers before it.
    ///
    /// # Errors
    /// Services that do not fit together.
    pub fn plan(&self) -> Result<Vec<Vec<&ServiceDescription>>, StartError> {
        let layers = self.layers()?;
        let describe = |index: usize| &self.definitions[index].description;
        Ok(layers.into_iter().map(|layer| layer.into_iter().map(describe).collect()).collect())
    }

    /// Starts the services, those first that others need, and returns when each has a ready worker.
    ///
    /// # Errors
    /// Services that do not fit together, settings for one that is not among them, or a URL at which somebody offers
    /// something else than is called: then nothing was started. A service that does not become ready: then what was
    /// started before is drained again.
    pub async fn start(self) -> Result<Runtime, StartError> {
        let layers = self.layers()?;
        self.check_names()?;
        let Self { executor, definitions, mut settings, remotes, elsewhere, provisions, bindings, start_limit, .. } =
            self;
        bindings.bind(definitions.iter()).await.map_err(StartError::Bindings)?;
        let runtime = Runtime::new(executor, provisions, bindings, start_limit).await?;
        for service in elsewhere {
            runtime.routes(&service, None, TIMEOUT);
        }
        for (service, remote) in remotes {
            runtime.routes(&service, None, TIMEOUT).add(Route::Remote(remote));
        }
        let planned: Vec<_> = definitions
            .into_iter()
            .map(|definition| {
                let over = settings.remove(definition.description.name).unwrap_or_default();
                let settings = definition.description.settings.clone().overlaid(&over);
                Planned { definition: Arc::new(definition), settings }
            })
            .collect();
        for layer in layers {
            if let Err(error) = runtime.start_layer(layer.iter().map(|&index| &planned[index])).await {
                runtime.drain(Duration::ZERO).await;
                return Err(error);
            }
        }
        Ok(runtime)
    }

    /// Settings for a service that does not run here are a slip of the pen.
    fn check_names(&self) -> Result<(), StartError> {
        let is_here = |name: &str| self.definitions.iter().any(|definition| definition.description.name == name);
        if let Some((service, parameter, known)) = self.bindings.stray(&self.descriptions()) {
            let (service, parameter) = (service.to_owned(), parameter.to_owned());
            return Err(StartError::UnknownBinding { service, parameter, known });
        }
        let given = self.settings.keys().map(String::as_str).chain(self.provisions.configured());
        let given = given.chain(self.bindings.services());
        match given.into_iter().find(|name| !is_here(name) && !self.left_out.iter().any(|left_out| left_out == name)) {
            None => Ok(()),
            Some(service) => {
                let known: Vec<_> = self.descriptions().iter().map(|description| description.name).collect();
                Err(StartError::Unknown { service: service.into(), known: known.join(", ") })
            }
        }
    }

    fn is_elsewhere(&self, name: &str) -> bool {
        self.remotes.iter().map(|(service, _)| service).chain(&self.elsewhere).any(|service| service == name)
    }

    fn layers(&self) -> Result<Vec<Vec<usize>>, StartError> {
        let vertices: Vec<_> = self.definitions.iter().map(|definition| Vertex::of(&definition.description)).collect();
        Ok(layers(&vertices, |name| self.is_elsewhere(name))?)
    }
}
