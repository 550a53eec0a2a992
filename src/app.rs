//! A program of services.

use std::process::ExitCode;

use playhouse_actors::{Result, Service, Settings, TokenSource};

use crate::cli;
use crate::gateway::{GatewayConfig, http};
use crate::model;
use crate::node::{Node, NodeBuilder};

/// A program of services with a command line: without a verb it serves them by HTTP.
///
/// ```no_run
/// # use playhouse::prelude::*;
/// # struct Greeter;
/// # #[service]
/// # impl Greeter {
/// #     #[init] fn new() -> Self { Greeter }
/// #     #[api] async fn greet(&self, name: String) -> Result<String> { Ok(name) }
/// # }
/// fn main() -> std::process::ExitCode {
///     App::new().service::<Greeter>().main()
/// }
/// ```
#[must_use = "an app runs when `main` is called"]
pub struct App {
    node: NodeBuilder,
    prepare: Vec<Prepare>,
}

/// What has to be done before services start.
pub(crate) type Prepare = Box<dyn FnOnce() -> Result<()>>;

impl App {
    /// A program without services yet.
    pub fn new() -> Self {
        Self { node: Node::builder(), prepare: Vec::new() }
    }

    /// Adds a service. The last one added is the entry: its methods are at `/<method>`, unless `--entry` names another.
    pub fn service<S: Service>(self) -> Self {
        Self { node: self.node.service::<S>(), ..self }
    }

    /// Lays settings over those in the code of a service. The configuration file comes over both.
    pub fn settings(self, service: impl Into<String>, settings: Settings) -> Self {
        Self { node: self.node.settings(service, settings), ..self }
    }

    /// Binds a parameter with `#[depends(url = "..")]` to another URL than the one in the code. The configuration file, the
    /// environment and the command line come over both.
    pub fn depends(self, service: impl Into<String>, parameter: impl Into<String>, url: impl Into<String>) -> Self {
        Self { node: self.node.depends(service, parameter, url), ..self }
    }

    /// Says where the bearer token for such a parameter is, in place of what the code says.
    pub fn depends_token(self, service: impl Into<String>, parameter: impl Into<String>, token: TokenSource) -> Self {
        Self { node: self.node.depends_token(service, parameter, token), ..self }
    }

    /// Gives constructors something to draw on; see [`InitContext::provision`](crate::InitContext::provision).
    pub fn provide<T: Send + Sync + 'static>(self, value: T) -> Self {
        Self { node: self.node.provide(value), ..self }
    }

    /// Sets how HTTP is answered, in place of what was set before. The configuration file, the environment and the command line come over it.
    pub fn gateway(self, gateway: GatewayConfig) -> Self {
        Self { node: self.node.gateway(gateway), ..self }
    }

    /// Answers paths below `prefix`, such as `/pages`, by handlers of one's own; see [`http`](crate::http).
    pub fn routes(
        self,
        prefix: impl Into<String>,
        configure: impl Fn(&mut http::web::ServiceConfig) + Send + Sync + 'static,
    ) -> Self {
        let (node, gateway) = self.node.take_gateway();
        Self { node: node.gateway(gateway.routes(prefix, configure)), ..self }
    }

    /// Looks at every request but the probes before it is answered; see [`GatewayConfig::before`].
    pub fn before(self, hook: impl Fn(&http::HttpRequest) -> Result<(), http::Error> + Send + Sync + 'static) -> Self {
        let (node, gateway) = self.node.take_gateway();
        Self { node: node.gateway(gateway.before(hook)), ..self }
    }

    /// Does something before the services start, such as training a model that is not there yet. Verbs that start no
    /// service skip it; an error ends the program. Several of these run in the order in which they were given.
    pub fn prepare(mut self, step: impl FnOnce() -> Result<()> + 'static) -> Self {
        self.prepare.push(Box::new(step));
        self
    }

    /// Does what the command line says, and returns when it is done.
    ///
    /// The exit code is 0 when everything went well, 1 when something failed, calls that a drain gave up among it (the reason is the last line of the
    /// standard error), 2 when the command line was not understood, 130 when a second signal cut a drain short.
    #[must_use]
    pub fn main(self) -> ExitCode {
        // First of all: there must be no other thread yet.
        model::claim_process();
        cli::run(self.node, self.prepare)
    }
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}
