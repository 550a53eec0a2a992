//! One method.

use playhouse_actors::{MethodDescription, ServiceDescription};
use serde_json::{Map, Value, json};

use super::components::{Components, reference};
use super::{content, example, problems};

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
        responses.extend(self.answers());
        responses.extend(problems::of_a_call());
        let mut operation = self.named("");
        operation["parameters"] = parameters.into();
        operation["requestBody"] = self.body();
        operation["responses"] = responses.into();
        if let Some((summary, description)) = told(self.method.doc) {
            operation["summary"] = summary.into();
            operation["description"] = description.into();
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

    /// The answers that bring its result.
    pub(super) fn answers(&self) -> Map<String, Value> {
        let mut answers = Map::new();
        answers.insert("200".into(), content::answer(self.method, &self.result));
        answers.extend(content::nothing(self.method).map(|nothing| ("204".into(), nothing)));
        answers
    }
}

/// The first line of a doc comment, and what else it says: the example in it is shown where it can be tried.
fn told(doc: &str) -> Option<(&str, String)> {
    let (summary, rest) = doc.split_once('\n').unwrap_or((doc, ""));
    let rest = match (example::in_doc(doc), rest.split_once("```json\n")) {
        (Some(_), Some((before, block))) => {
            let (_, after) = block.split_once("```").unwrap_or_default();
            format!("{}\n\n{}", before.trim(), after.trim())
        }
        _ => rest.to_owned(),
    };
    (!summary.is_empty()).then(|| (summary, rest.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doc_comment_is_told_once() {
        let table = [
            ("", None),
            ("Adds.", Some(("Adds.", ""))),
            ("Adds.\n\nTwice.", Some(("Adds.", "Twice."))),
            ("Adds.\n\n```json\n{\"a\": 1}\n```", Some(("Adds.", ""))),
            ("Adds.\n\nOne.\n\n```json\n1\n```\n\nTwo.", Some(("Adds.", "One.\n\nTwo."))),
            ("Adds.\n\n```json\nno JSON\n```", Some(("Adds.", "```json\nno JSON\n```"))),
        ];
        for (doc, expected) in table {
            assert_eq!(told(doc), expected.map(|(summary, rest)| (summary, rest.to_owned())), "{doc}");
        }
    }
}
