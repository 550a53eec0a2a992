//! Which method a path names: made once when the services are ready.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use actix_web::http::StatusCode;
use playhouse_actors::{AnyClient, MethodDescription, MethodKind, Runtime, ServiceDescription};

use super::asking::asking;
use super::config::GatewayConfig;
use super::documents::Documents;
use super::error::GatewayError;
use super::problem::Problem;
use super::tasks;
use super::value::{Kind, Takes};
use crate::nearest::nearest;
use crate::tasks::Tasks;

/// Everything that can be called, by its path.
pub(super) struct Table {
    paths: HashMap<Box<str>, Arc<Entry>>,
    /// What can be asked of tasks.
    pub(super) tasks: Box<tasks::Routes>,
    pub(super) services: Vec<ServiceDescription>,
    pub(super) runtime: Runtime,
    documents: OnceLock<Documents>,
}

/// A method and the client that calls it.
pub(super) struct Entry {
    pub(super) client: AnyClient,
    pub(super) method: &'static str,
    pub(super) kind: MethodKind,
    pub(super) takes: Takes,
    pub(super) gives: Kind,
    /// Whether the method wants to see the request.
    pub(super) context: bool,
    /// Whether something behind it may ask for the request's id.
    pub(super) traced: bool,
}

/// What a GET is answered at, so that no method may have it for its route.
pub(super) const TAKEN: [&str; 6] = ["/livez", "/readyz", "/healthz", "/metrics", "/schema.json", "/docs.json"];

impl Entry {
    fn new(client: &AnyClient, method: &MethodDescription, traced: bool) -> Self {
        let (takes, gives) = (Takes::of(method), Kind::given_by(method));
        let MethodDescription { name, kind, context, .. } = *method;
        Self { client: client.clone(), method: name, kind, takes, gives, context, traced }
    }
}

/// Checks that each path names one thing.
///
/// # Errors
/// [`GatewayError::TakenRoute`] for the first route that is something else already.
pub(super) fn check_routes(services: &[&ServiceDescription], entry: &str) -> Result<(), GatewayError> {
    let mut known: HashMap<String, String> = TAKEN.map(|path| (path.into(), "the gateway itself".into())).into();
    // What has a route of its own comes last, so that it is the one to blame.
    for with_route in [false, true] {
        for service in services {
            for method in service.methods.iter().filter(|method| method.route.is_some() == with_route) {
                let name = format!("{}.{}", service.name, method.name);
                for path in taken(service, method, entry) {
                    let other = known.insert(path.clone(), name.clone()).filter(|other| *other != name);
                    if let Some(other) = other.filter(|_| with_route) {
                        return Err(GatewayError::TakenRoute { method: name, path, other });
                    }
                }
            }
        }
    }
    Ok(())
}

/// The paths at which the methods of a service are, and what can be asked of its tasks.
pub(super) fn paths(service: &ServiceDescription, entry: &str) -> Vec<String> {
    service.methods.iter().flat_map(|method| taken(service, method, entry)).collect()
}

/// All paths that are there for a method.
fn taken(service: &ServiceDescription, method: &MethodDescription, entry: &str) -> Vec<String> {
    let mut paths = paths_of(service, method, entry);
    let of_tasks: Vec<_> = paths.iter().flat_map(|path| tasks::taken(path, method)).collect();
    paths.extend(of_tasks);
    paths
}

/// Where a method is found: below its service by its route and by its name, and for the entry at the root too.
fn paths_of(service: &ServiceDescription, method: &MethodDescription, entry: &str) -> Vec<String> {
    let path = method.path();
    let below = |path: &str| format!("/{}{}", service.name, path.strip_suffix('/').unwrap_or(path));
    let mut paths = vec![below(&path)];
    if method.route.is_some() {
        paths.push(below(&format!("/{}", method.name)));
    }
    if service.name == entry {
        paths.push(path.into_owned());
    }
    paths
}

impl Table {
    /// The methods of all services that run here, those of `entry` at short paths too.
    pub(super) fn new(runtime: &Runtime, entry: &str, tasks: Option<Tasks>) -> Self {
        let services = runtime.descriptions();
        let asking = asking(&services);
        let mut entries = HashMap::new();
        let mut tasks = Box::new(tasks::Routes::new(tasks));
        for service in &services {
            let Ok(client) = runtime.any_client(service.name) else { continue };
            for method in &service.methods {
                let made = Arc::new(Entry::new(&client, method, asking.contains(service.name)));
                for path in paths_of(service, method, entry) {
                    tasks.add(&path, &made, service.name, method);
                    entries.insert(path.into(), Arc::clone(&made));
                }
            }
        }
        Self { paths: entries, tasks, services, runtime: runtime.clone(), documents: OnceLock::new() }
    }

    /// What is said of the services.
    pub(super) fn documents(&self, entry: &str, config: &GatewayConfig) -> &Documents {
        self.documents.get_or_init(|| Documents::of(&self.services, entry, config))
    }

    /// All paths at which something can be called or asked of a task.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.keys().map(AsRef::as_ref).chain(self.tasks.paths())
    }

    /// The method at a path, which may end in a slash too many.
    pub(super) fn get(&self, path: &str) -> Option<&Arc<Entry>> {
        self.paths.get(path).or_else(|| self.paths.get(path.strip_suffix('/')?))
    }

    /// What to tell whoever asked for a path where nothing is: the names that are known.
    pub(super) fn not_found(&self, path: &str, entry: &str) -> Problem {
        let path = path.trim_matches('/');
        let message = match path.split_once('/') {
            Some((service, method)) => match self.service(service) {
                Some(service) => no_method(service, method),
                None => self.no_service(service),
            },
            None => match (self.service(path), self.service(entry)) {
                (Some(service), _) => format!("{path} is a service: its methods are {}", long_paths(service)),
                (None, Some(entry)) => format!("{}; other services are at /<Service>/<method>", no_method(entry, path)),
                (None, None) => self.no_service(path),
            },
        };
        Problem::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// What a service says of itself.
    pub(super) fn service(&self, name: &str) -> Option<&ServiceDescription> {
        self.services.iter().find(|service| service.name == name)
    }

    fn no_service(&self, name: &str) -> String {
        let known: Vec<_> = self.services.iter().map(|service| service.name).collect();
        let hint = nearest(name, &known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        format!("no service is named {name}, only {}{hint}", known.join(", "))
    }
}

fn no_method(service: &ServiceDescription, name: &str) -> String {
    if let Some(method) = service.methods.iter().find(|method| method.name == name) {
        return format!("{}.{name} is at {}", service.name, method.path());
    }
    let known: Vec<_> = service.methods.iter().map(|method| method.path()).collect();
    let known: Vec<_> = known.iter().map(|path| path.trim_start_matches('/')).collect();
    let hint = nearest(name, &known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    format!("{} has no method {name}, only {}{hint}", service.name, known.join(", "))
}

fn long_paths(service: &ServiceDescription) -> String {
    let paths: Vec<_> = service.methods.iter().map(|method| format!("/{}{}", service.name, method.path())).collect();
    paths.join(", ")
}
