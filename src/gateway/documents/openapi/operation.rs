//! One method.

use playhouse_actors::{MethodDescription, ServiceDescription};
use serde_json::{Map, Value, json};

use super::components::{Components, reference};
use super::{content, problems};

/// The operation of a method.
pub(super) fn post(service: &ServiceDescription, method: &MethodDescription, components: &mut Components) -> Value {
    let name = format!("{}.{}", service.name, method.name);
    let arguments = components.add(&name, method.arguments.as_value());
    let result = components.add(&format!("{name}.result"), method.result.as_value());
    let mut parameters = vec![reference("parameters", "timeout")];
    parameters.extend(content::parameters(method));
    let mut responses = Map::new();
    responses.insert("200".into(), content::answer(method, &result));
    responses.extend(problems::of_a_call());
    let mut operation = json!({
        "tags": [service.name],
        "operationId": format!("{}__{}", service.name, method.name),
        "parameters": parameters,
        "requestBody": content::body(method, &arguments, components.get(&name)),
        "responses": responses,
    });
    if !method.doc.is_empty() {
        operation["summary"] = method.doc.lines().next().unwrap_or_default().into();
        operation["description"] = method.doc.into();
    }
    operation
}
