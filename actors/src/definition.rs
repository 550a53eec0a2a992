//! A service with its type forgotten: how to make an instance, and what it can do.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use crate::description::ServiceDescription;
use crate::error::{CallResult, Error};
use crate::inject::InitContext;
use crate::method::{Instance, Method, Methods};
use crate::panic::panicked;
use crate::service::Service;

/// Everything that a group needs to know about the service it runs.
pub struct Definition {
    pub(crate) description: ServiceDescription,
    pub(crate) methods: Vec<Method>,
    make: Box<dyn Fn(InitContext) -> LocalBoxFuture<'static, CallResult<Instance>> + Send + Sync>,
    hooks: Hooks,
    pub(crate) has_health_hooks: bool,
}

/// The lifecycle hooks of a service.
struct Hooks {
    ready: fn(&Instance) -> bool,
    alive: fn(&Instance) -> bool,
    shutdown: fn(Instance) -> LocalBoxFuture<'static, ()>,
}

impl Definition {
    /// The definition of a service.
    #[must_use]
    pub fn of<S: Service>() -> Self {
        let mut methods = Methods::<S>::new();
        S::methods(&mut methods);
        let methods = methods.table;
        let description = ServiceDescription {
            name: S::NAME,
            doc: S::DOC,
            settings: S::settings(),
            requirements: S::requirements(),
            methods: methods.iter().map(|method| method.description.clone()).collect(),
        };
        Self {
            description,
            methods,
            make: Box::new(make::<S>),
            hooks: Hooks::of::<S>(),
            has_health_hooks: S::HAS_HEALTH_HOOKS,
        }
    }

    /// What the service says of itself.
    #[must_use]
    pub fn description(&self) -> &ServiceDescription {
        &self.description
    }

    /// The index of a method by its name.
    pub(crate) fn method(&self, name: &str) -> CallResult<usize> {
        // A handful of names: comparing beats hashing.
        self.methods.iter().position(|method| method.description.name == name).ok_or_else(|| {
            let known: Vec<_> = self.description.methods.iter().map(|method| method.name).collect();
            Error::malformed(format!("{} has no method `{name}`, only {}", self.description.name, known.join(", ")))
        })
    }

    /// Makes an instance; a panic of the constructor is an error like any other.
    pub(crate) async fn make(&self, context: InitContext) -> CallResult<Instance> {
        // The call itself may panic too, before there is a future.
        let made = AssertUnwindSafe(async { (self.make)(context).await }).catch_unwind().await;
        made.unwrap_or_else(|payload| Err(panicked(payload.as_ref())))
    }

    /// A hook that panics says no.
    pub(crate) fn is_ready(&self, instance: &Instance) -> bool {
        std::panic::catch_unwind(AssertUnwindSafe(|| (self.hooks.ready)(instance))).unwrap_or(false)
    }

    /// A hook that panics says no.
    pub(crate) fn is_alive(&self, instance: &Instance) -> bool {
        std::panic::catch_unwind(AssertUnwindSafe(|| (self.hooks.alive)(instance))).unwrap_or(false)
    }

    /// Runs the hook; a panic in it ends the instance as surely.
    pub(crate) async fn shut_down(&self, instance: Instance) {
        let hook = AssertUnwindSafe(async { (self.hooks.shutdown)(instance).await });
        if let Err(payload) = hook.catch_unwind().await {
            let error = panicked(payload.as_ref());
            tracing::warn!(service = self.description.name, %error, "the shutdown hook panicked");
        }
    }
}

impl Hooks {
    fn of<S: Service>() -> Self {
        Self {
            ready: |instance| service::<S>(instance).ready(),
            alive: |instance| service::<S>(instance).alive(),
            shutdown: |instance| Box::pin(async move { service::<S>(&instance).shutdown().await }),
        }
    }
}

fn make<S: Service>(context: InitContext) -> LocalBoxFuture<'static, CallResult<Instance>> {
    Box::pin(async move {
        let instance = S::init(&context).await.map_err(Error::from)?;
        Ok(Rc::new(instance) as Instance)
    })
}

fn service<S: Service>(instance: &Instance) -> &S {
    instance.downcast_ref().expect("a group's workers hold the group's service")
}
