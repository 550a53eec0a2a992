//! A service on the public layer alone: what the documentation of `#[service]` shows as its expansion, by hand.

#![allow(clippy::unwrap_used)]

mod support;

use std::rc::Rc;
use std::time::Duration;

use playhouse_actors::{
    CallResult, Client, Definition, Failure, InitContext, Inject, Message, MethodOptions, Methods, Raw, Requirement,
    RequirementKind, Result, Service, ServiceClient, ServiceDescription, Settings, Traffic, Unary, WorkerIndex,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use support::{here, simulate};

/// Greets.
pub struct Greeter {
    worker: WorkerIndex,
}

impl Greeter {
    fn new(worker: WorkerIndex) -> Self {
        Greeter { worker }
    }

    async fn greet(&self, name: String) -> Result<String> {
        Ok(format!("{name} meets worker {}", self.worker.0))
    }
}

/// The messages of `Greeter`: the arguments of each method as a value.
pub mod greeter {
    use super::*;

    /// Says hello.
    #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Greet {
        /// Whom to greet.
        pub name: String,
    }
}

impl Message for greeter::Greet {
    const SERVICE: &'static str = "Greeter";
    const METHOD: &'static str = "greet";
    const ONLY: Option<&'static str> = Some("name");
    type Reply = String;

    fn from_raw(raw: Raw) -> Result<Self, Raw> {
        raw.exactly().map(|name| Self { name })
    }
}

impl Unary for greeter::Greet {}

/// Calls `Greeter`, wherever its replicas are. Cheap to clone.
#[derive(Clone)]
pub struct GreeterClient(Client);

impl GreeterClient {
    /// The client underneath, which sends messages as values.
    pub fn client(&self) -> &Client {
        &self.0
    }

    /// A client whose calls have this timeout instead of the service's own.
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self(self.0.with_timeout(timeout))
    }

    /// A client whose calls go to the replica that this key leads to.
    pub fn with_affinity(&self, key: impl AsRef<[u8]>) -> Self {
        Self(self.0.with_affinity(key))
    }

    /// Says hello.
    pub async fn greet(&self, name: String) -> CallResult<String> {
        self.0.call(greeter::Greet { name }).await
    }
}

impl From<Client> for GreeterClient {
    fn from(client: Client) -> Self {
        Self(client)
    }
}

impl ServiceClient for GreeterClient {
    const SERVICE: &'static str = "Greeter";

    fn description() -> Option<ServiceDescription> {
        Some(Definition::of::<Greeter>().description().clone())
    }
}

impl Inject for GreeterClient {
    fn requirement(_: Option<&'static str>) -> RequirementKind {
        RequirementKind::Service("Greeter")
    }

    async fn inject(context: &InitContext, _: &Requirement) -> Result<Self> {
        context.client("Greeter").map(Self)
    }
}

impl Service for Greeter {
    const NAME: &'static str = "Greeter";
    const DOC: &'static str = "";

    fn settings() -> Settings {
        let traffic = Traffic { timeout: Some(Duration::from_secs(1)), ..Traffic::default() };
        Settings { workers: Some(1), traffic, ..Settings::default() }
    }

    fn requirements() -> Vec<Requirement> {
        vec![Requirement { parameter: "worker", kind: <WorkerIndex as Inject>::requirement(None) }]
    }

    fn methods(table: &mut Methods<Self>) {
        table.unary(
            MethodOptions { doc: "Says hello.", ..MethodOptions::default() },
            |service: Rc<Self>, message: greeter::Greet| async move { Self::greet(&service, message.name).await },
        );
    }

    async fn init(context: &InitContext) -> Result<Self, Failure> {
        let requirements = Self::requirements();
        Ok(Self::new(<WorkerIndex as Inject>::inject(context, &requirements[0]).await?))
    }
}

#[test]
fn a_service_by_hand_is_called_as_any_other() {
    simulate(|| async {
        let runtime = here().service::<Greeter>().start().await.unwrap();
        let greeter: GreeterClient = runtime.client().unwrap();
        assert_eq!(greeter.greet("Ada".into()).await.unwrap(), "Ada meets worker 0");
        let timid = greeter.with_timeout(Duration::ZERO);
        assert!(timid.client().call(greeter::Greet { name: "Bob".into() }).await.is_err());
    });
}
