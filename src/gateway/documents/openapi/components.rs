//! The types that the methods share.

use serde_json::{Map, Value, json};

use super::{problems, tasks};

/// The named schemas of a document.
#[derive(Default)]
pub(super) struct Components {
    schemas: Map<String, Value>,
    /// The definitions of the schemas that were added, as they came, to tell whether two of one name are the same.
    known: Map<String, Value>,
}

/// Where a schema's own definitions are found in the document.
struct Names<'a> {
    /// The name of the schema itself.
    own: &'a str,
    /// Put before the names of its definitions.
    prefix: String,
}

impl Components {
    /// Adds a schema, with the definitions that it brings, and gives the reference to it.
    pub(super) fn add(&mut self, name: &str, schema: &Value) -> Value {
        let none = Map::new();
        let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
        let is_taken = |(name, definition)| self.known.get(name).is_some_and(|known: &Value| known != definition);
        // Two types of one name that differ, and what refers to them.
        let prefix = if definitions.iter().any(is_taken) { format!("{name}.") } else { String::new() };
        let names = Names { own: name, prefix };
        for (name, definition) in definitions {
            self.known.entry(format!("{}{name}", names.prefix)).or_insert_with(|| definition.clone());
            self.schemas.insert(format!("{}{name}", names.prefix), names.placed(definition));
        }
        let mut schema = names.placed(schema);
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("$schema");
            schema.remove("$defs");
        }
        self.schemas.insert(name.to_owned(), schema);
        reference("schemas", name)
    }

    /// A schema that was added.
    pub(super) fn get(&self, name: &str) -> &Value {
        &self.schemas[name]
    }

    pub(super) fn into_value(self) -> Value {
        let mut schemas = self.schemas;
        schemas.insert(problems::SCHEMA.into(), problems::schema());
        json!({ "schemas": schemas, "responses": problems::responses(), "parameters": parameters() })
    }
}

impl Names<'_> {
    /// A schema whose references are those of the document.
    fn placed(&self, schema: &Value) -> Value {
        match schema {
            Value::Object(schema) => {
                Value::Object(schema.iter().map(|(key, value)| (key.clone(), self.placed_member(key, value))).collect())
            }
            Value::Array(schemas) => schemas.iter().map(|schema| self.placed(schema)).collect(),
            other => other.clone(),
        }
    }

    fn placed_member(&self, key: &str, value: &Value) -> Value {
        match (key, value.as_str()) {
            ("$ref", Some("#")) => path("schemas", self.own).into(),
            ("$ref", Some(target)) => match target.strip_prefix("#/$defs/") {
                Some(name) => path("schemas", &format!("{}{name}", self.prefix)).into(),
                None => target.into(),
            },
            _ => self.placed(value),
        }
    }
}

/// A reference to a component.
pub(super) fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": path(kind, name) })
}

fn path(kind: &str, name: &str) -> String {
    format!("#/components/{kind}/{name}")
}

fn parameters() -> Value {
    json!({
        "timeout": {
            "name": "x-request-timeout-ms",
            "in": "header",
            "description": "How long the caller will wait, in milliseconds; at most the service's own limit.",
            "schema": { "type": "integer", "minimum": 1 },
        },
        "task_id": tasks::id(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_one_name_are_told_apart_when_they_differ() {
        let with = |row: &str| json!({ "$ref": "#/$defs/Row", "$defs": { "Row": { "type": row } } });
        let mut components = Components::default();
        components.add("A.a", &with("array"));
        components.add("B.same", &with("array"));
        let reference = components.add("C.other", &with("object"));
        assert_eq!(reference, json!({ "$ref": "#/components/schemas/C.other" }));
        let schemas = components.into_value()["schemas"].clone();
        assert_eq!(schemas["A.a"], json!({ "$ref": "#/components/schemas/Row" }));
        assert_eq!(schemas["B.same"], schemas["A.a"]);
        assert_eq!(schemas["C.other"], json!({ "$ref": "#/components/schemas/C.other.Row" }));
        assert_eq!(
            (&schemas["Row"], &schemas["C.other.Row"]),
            (&json!({ "type": "array" }), &json!({ "type": "object" }))
        );
    }

    #[test]
    fn what_refers_to_itself_still_does() {
        let mut components = Components::default();
        components.add("A.tree", &json!({ "properties": { "left": { "$ref": "#" } } }));
        let schema = &components.into_value()["schemas"]["A.tree"];
        assert_eq!(schema["properties"]["left"]["$ref"], "#/components/schemas/A.tree");
    }
}
