//! What a constructor's parameters are made from.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::depends::Depends;
use crate::description::{Requirement, RequirementKind};
use crate::failure::{Failure, Result};

/// A type that can be a parameter of an `#[init]` constructor.
///
/// Clients of services, [`WorkerIndex`] and [`Config`] are; Playhouse adds the files of models and devices.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of an `#[init]` constructor",
    note = "a constructor takes clients of other services (`FooClient`), `#[depends(..)]` clients, `#[model(..)]` files, `Device`, `WorkerIndex` or `Config<T>`"
)]
pub trait Inject: Sized {
    /// What the parameter asks for, known before anything starts. `argument` is that of its attribute, such as
    /// `#[model("iris:latest")]`.
    fn requirement(argument: Option<&'static str>) -> RequirementKind;

    /// Makes the value for one worker, on that worker's thread.
    ///
    /// # Errors
    /// What is missing, and what to do.
    fn inject(context: &InitContext, requirement: &Requirement) -> impl Future<Output = Result<Self>>;
}

/// What one worker's constructor can draw on.
pub struct InitContext {
    pub(crate) service: &'static str,
    pub(crate) worker: usize,
    pub(crate) clients: Clients,
    pub(crate) provisions: Arc<Provisions>,
}

/// The clients that one service's constructor asks for.
#[derive(Clone, Default)]
pub(crate) struct Clients {
    /// Of services that are found by their names, by that name.
    pub(crate) services: HashMap<&'static str, Client>,
    /// Of those that are bound to URLs, by the parameter.
    pub(crate) bound: HashMap<&'static str, Client>,
}

impl InitContext {
    /// The service that is being made.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// The index of the worker within its group, from 0.
    #[must_use]
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// A client of a service that the requirements name.
    ///
    /// # Errors
    /// When the requirements do not name it: the graph of dependencies is checked before anything starts.
    pub fn client(&self, service: &str) -> Result<Client> {
        self.clients.services.get(service).cloned().ok_or_else(|| {
            Failure::from(format!(
                "{} asks for a client of {service}, which its requirements do not name",
                self.service
            ))
        })
    }

    /// A client of what a parameter is bound to by `#[depends(..)]`.
    ///
    /// # Errors
    /// When the requirements do not name the parameter.
    pub fn bound<C: Depends>(&self, parameter: &str) -> Result<C> {
        self.clients
            .bound
            .get(parameter)
            .cloned()
            .map(C::bound)
            .ok_or_else(|| Failure::from(format!("the requirements of {} bind nothing to {parameter}", self.service)))
    }

    /// What the program provides to all constructors under a type, such as a model store.
    #[must_use]
    pub fn provision<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.provisions.get()
    }
}

/// Values that the program provides to all constructors, by type, and the configuration of each service.
#[derive(Default)]
pub struct Provisions {
    values: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    configuration: HashMap<String, serde_json::Value>,
}

impl Provisions {
    /// Adds a value; one of the same type is replaced.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.values.insert(TypeId::of::<T>(), Box::new(value));
    }

    /// Sets what [`Config`] reads for a service.
    pub fn configure(&mut self, service: impl Into<String>, configuration: serde_json::Value) {
        self.configuration.insert(service.into(), configuration);
    }

    /// The services for which there is configuration.
    pub(crate) fn configured(&self) -> impl Iterator<Item = &str> {
        self.configuration.keys().map(String::as_str)
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        self.values.get(&TypeId::of::<T>())?.downcast_ref()
    }
}

/// The index of a worker within its group, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerIndex(pub usize);

impl Inject for WorkerIndex {
    fn requirement(_: Option<&'static str>) -> RequirementKind {
        RequirementKind::Given
    }

    async fn inject(context: &InitContext, _: &Requirement) -> Result<Self> {
        Ok(Self(context.worker))
    }
}

/// The service's own section of the configuration file (`services.<Name>.config`), read as `T`.
///
/// Without a section `T` is read from an empty one, so that defaults of its fields apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config<T>(pub T);

impl<T: DeserializeOwned> Inject for Config<T> {
    fn requirement(_: Option<&'static str>) -> RequirementKind {
        RequirementKind::Given
    }

    async fn inject(context: &InitContext, _: &Requirement) -> Result<Self> {
        let section = context.provisions.configuration.get(context.service).cloned();
        let section = section.unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new()));
        serde_json::from_value(section)
            .map(Self)
            .map_err(|error| Failure::from(format!("services.{}.config does not fit: {error}", context.service)))
    }
}
