//! Which method a path names: made once when the services are ready.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use playhouse_actors::{AnyClient, MethodKind, Runtime, ServiceDescription};

use super::problem::Problem;
use crate::nearest::nearest;

/// Everything that can be called, by its path.
pub(super) struct Table {
    paths: HashMap<Box<str>, Arc<Entry>>,
    pub(super) services: Vec<ServiceDescription>,
    pub(super) runtime: Runtime,
}

/// A method and the client that calls it.
pub(super) struct Entry {
    pub(super) client: AnyClient,
    pub(super) method: &'static str,
    pub(super) kind: MethodKind,
}

impl Table {
    /// The methods of all services that run here, those of `entry` at short paths too.
    pub(super) fn new(runtime: &Runtime, entry: &str) -> Self {
        let services = runtime.descriptions();
        let mut paths = HashMap::new();
        for service in &services {
            let Ok(client) = runtime.any_client(service.name) else { continue };
            for method in &service.methods {
                let (service, method, kind) = (service.name, method.name, method.kind);
                let long = format!("/{service}/{method}");
                let short = (service == entry).then(|| format!("/{method}"));
                for path in short.into_iter().chain([long]) {
                    paths.insert(path.into(), Arc::new(Entry { client: client.clone(), method, kind }));
                }
            }
        }
        Self { paths, services, runtime: runtime.clone() }
    }

    /// All paths at which a method is.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.keys().map(AsRef::as_ref)
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
                (Some(service), _) => format!("{path} is a service: its methods are {}", paths(service)),
                (None, Some(entry)) => format!("{}; other services are at /<Service>/<method>", no_method(entry, path)),
                (None, None) => self.no_service(path),
            },
        };
        Problem::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    fn service(&self, name: &str) -> Option<&ServiceDescription> {
        self.services.iter().find(|service| service.name == name)
    }

    fn no_service(&self, name: &str) -> String {
        let known: Vec<_> = self.services.iter().map(|service| service.name).collect();
        let hint = nearest(name, &known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        format!("no service is named {name}, only {}{hint}", known.join(", "))
    }
}

fn no_method(service: &ServiceDescription, name: &str) -> String {
    let known: Vec<_> = service.methods.iter().map(|method| method.name).collect();
    let hint = nearest(name, &known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    format!("{} has no method {name}, only {}{hint}", service.name, known.join(", "))
}

fn paths(service: &ServiceDescription) -> String {
    let paths: Vec<_> = service.methods.iter().map(|method| format!("/{}/{}", service.name, method.name)).collect();
    paths.join(", ")
}
