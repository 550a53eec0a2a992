//! One method.

use playhouse_actors::{MethodDescription, ServiceDescription};
use serde_json::{Map, Value, json};

use super::components::{Components, reference};
use super::{content, problems};

/// A method whose types are among the components.
pub(super) struct Operation<'a> {
    pub(super) method: &'a MethodDescription,
    service: &'a ServiceDescription,
    /// Refers to the schema of its arguments.
    arguments: Value,
    /// That schema.
    placed: Value,
    /// Refers to the schema of its result.
    result: Value,
}

impl<'a> Operation<'a> {
    pub(super) fn new(
        service: &'a ServiceDescription,
        method: &'a MethodDescription,
        components: &mut Components,
    ) -> Self {
        let name = format!("{}.{}", service.name, method.name);
        let arguments = components.add(&name, method.arguments.as_value());
        let result = components.add(&format!("{name}.result"), method.result.as_value());
        Self { method, service, placed: components.get(&name).clone(), arguments, result }
    }

    /// A call.
    pub(super) fn post(&self) -> Value {
        let mut parameters = vec![reference("parameters", "timeout")];
        parameters.extend(content::parameters(self.method));
        let mut responses = Map::new();
        responses.insert("200".into(), self.answer());
        responses.extend(problems::of_a_call());
        let mut operation = self.named("");
        operation["parameters"] = parameters.into();
        operation["requestBody"] = self.body();
        operation["responses"] = responses.into();
        if !self.method.doc.is_empty() {
            operation["summary"] = self.method.doc.lines().next().unwrap_or_default().into();
            operation["description"] = self.method.doc.into();
        }
        operation
    }

    /// What every operation has: whose it is, and a name of its own.
    pub(super) fn named(&self, ending: &str) -> Value {
        let Self { service, method, .. } = self;
        json!({ "tags": [service.name], "operationId": format!("{}__{}{ending}", service.name, method.name) })
    }

    /// The body of a request that brings its arguments.
    pub(super) fn body(&self) -> Value {
        content::body(self.method, &self.arguments, &self.placed)
    }

    /// The answer that brings its result.
    pub(super) fn answer(&self) -> Value {
        content::answer(self.method, &self.result)
    }
}
