//! `/docs.json`: an OpenAPI 3.1 description of everything that can be called, from the descriptions of the services alone.
//!
//! Version 3.1 takes JSON schemas as they are, so what the types of a service say of themselves is passed on unchanged, but
//! for the place of the types that they share.

mod components;
mod content;
mod example;
mod operation;
mod probes;
mod problems;
mod security;
mod tasks;

use playhouse_actors::ServiceDescription;
use serde_json::{Map, Value, json};

use self::components::Components;
use self::operation::Operation;
use crate::gateway::config::GatewayConfig;
use crate::gateway::tasks::paths_below;

/// The tag of what is not a method.
const PROCESS: &str = "process";

/// The document for all services; the methods of `entry` are at their short paths.
pub(super) fn document(services: &[ServiceDescription], entry: &str, config: &GatewayConfig) -> Value {
    // What is called most comes first.
    let (first, others): (Vec<_>, Vec<_>) = services.iter().partition(|service| service.name == entry);
    let mut components = Components::default();
    let mut paths = Map::new();
    for service in first.iter().chain(&others) {
        for method in &service.methods {
            let prefix = if service.name == entry { String::new() } else { format!("/{}", service.name) };
            let path = format!("{prefix}{}", method.path());
            let operation = Operation::new(service, method, &mut components);
            paths.insert(path.clone(), json!({ "post": operation.post() }));
            for (path, action) in paths_below(&path, method) {
                paths.insert(path, tasks::operation(action, &operation, &mut components));
            }
        }
    }
    paths.extend(probes::paths());
    let mut tags: Vec<_> = first.iter().chain(&others).map(|service| tag(service.name, service.doc)).collect();
    tags.push(tag(PROCESS, "How the process fares, and what it says of itself."));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": entry,
            "version": "1",
            "description": first.first().map(|service| service.doc).unwrap_or_default(),
        },
        // Relative to this document, which may be below the path of a proxy.
        "servers": [{ "url": "./", "description": "this server" }],
        "tags": tags,
        "paths": paths,
        "components": components.into_value(),
    });
    if config.tokens.is_some() {
        security::declare(&mut document, config);
    }
    document
}

fn tag(name: &str, doc: &str) -> Value {
    if doc.is_empty() { json!({ "name": name }) } else { json!({ "name": name, "description": doc }) }
}
