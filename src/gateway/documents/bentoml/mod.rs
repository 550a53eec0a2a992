//! `/schema.json`: what BentoML's client reads before its first call.
//!
//! It reads `routes` alone, and of a route its name, its path, whether it is a task, and two schemas: by that of the
//! arguments it encodes, and puts positional ones in their places; by that of the result it decodes, whatever the answer's
//! content type. These schemas have types of their own beside those of JSON schema, see [`schema`].

mod schema;
#[cfg(test)]
mod tests;

use playhouse_actors::{MethodDescription, MethodKind, ServiceDescription};
use serde_json::{Map, Value, json};

/// The document of a service. Its paths are below those of the service: a client that is given `http://host/Service` puts
/// that before them.
pub(super) fn document(service: &ServiceDescription) -> Value {
    json!({
        "name": service.name,
        "type": "service",
        "description": service.doc,
        "routes": service.methods.iter().map(route).collect::<Vec<_>>(),
    })
}

fn route(method: &MethodDescription) -> Value {
    json!({
        "name": method.name,
        "route": method.path(),
        "doc": method.doc,
        "batchable": method.kind == MethodKind::Batch,
        "input": input(method),
        "output": output(method),
        "is_task": method.task.is_some(),
    })
}

fn input(method: &MethodDescription) -> Map<String, Value> {
    let mut input = schema::arguments(method.arguments.as_value());
    if method.root {
        input.insert("root_input".into(), true.into());
    } else {
        // The client asks for them, also where there are none.
        input.entry("properties").or_insert_with(|| json!({}));
    }
    input
}

fn output(method: &MethodDescription) -> Map<String, Value> {
    let mut output = schema::result(method.result.as_value());
    if method.kind == MethodKind::Stream {
        output.insert("is_stream".into(), true.into());
    }
    output
}
