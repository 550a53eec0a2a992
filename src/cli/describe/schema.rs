//! A JSON schema in a few words.

use playhouse_actors::__private::schemars::Schema;
use serde_json::{Map, Value};

/// The arguments of a method, as `name: type`; those that may be left out with a question mark.
pub(super) fn arguments(schema: &Schema) -> Vec<String> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|required| required.iter().any(|other| other == name));
    let argument = |(name, schema): (&String, &Value)| {
        let optional = if is_required(name) { "" } else { "?" };
        format!("{name}{optional}: {}", of(schema))
    };
    properties.iter().map(argument).collect()
}

/// The type of a result.
pub(super) fn result(schema: &Schema) -> String {
    of(schema.as_value())
}

fn of(schema: &Value) -> String {
    let Some(schema) = schema.as_object() else { return "any".into() };
    if schema.get("format").is_some_and(|format| format == "tensor") {
        return tensor(schema);
    }
    if schema.get("format").is_some_and(|format| format == "file") {
        return "file".into();
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    if let Some(Value::Array(arms)) = schema.get("anyOf").or_else(|| schema.get("oneOf")) {
        return arms.iter().map(of).collect::<Vec<_>>().join(" | ");
    }
    match schema.get("type") {
        Some(Value::String(name)) => named(name, schema),
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str).map(|name| named(name, schema));
            names.collect::<Vec<_>>().join(" | ")
        }
        _ => schema.get("title").and_then(Value::as_str).unwrap_or("any").to_owned(),
    }
}

fn named(name: &str, schema: &Map<String, Value>) -> String {
    match (name, schema.get("items"), schema.get("title").and_then(Value::as_str)) {
        ("array", Some(items), _) => format!("[{}]", of(items)),
        ("object", _, Some(title)) => title.to_owned(),
        _ => name.to_owned(),
    }
}

fn tensor(schema: &Map<String, Value>) -> String {
    let Some(dtype) = schema.get("dtype").and_then(Value::as_str) else { return "tensor".into() };
    let shape = schema.get("shape").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let dims = shape.iter().map(|dim| dim.as_u64().map_or_else(|| "_".to_owned(), |length| length.to_string()));
    format!("tensor {dtype} [{}]", dims.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_in_a_few_words() {
        let table = [
            (json!({ "type": "string" }), "string"),
            (json!({ "type": "array", "items": { "type": "integer", "format": "uint8" } }), "[integer]"),
            (json!({ "type": ["string", "null"] }), "string | null"),
            (json!({ "anyOf": [{ "$ref": "#/$defs/Flower" }, { "type": "null" }] }), "Flower | null"),
            (json!({ "format": "tensor", "type": ["array", "number"] }), "tensor"),
            (json!({ "format": "tensor", "dtype": "f32", "shape": [null, 4] }), "tensor f32 [_, 4]"),
            (json!({ "format": "file", "type": ["string", "object"] }), "file"),
            (json!({ "type": "object", "title": "Row" }), "Row"),
            (json!(true), "any"),
        ];
        for (schema, expected) in table {
            assert_eq!(of(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn arguments_that_may_be_left_out_are_marked() {
        let schema = json!({
            "type": "object", "required": ["rows"],
            "properties": { "rows": { "type": "integer" }, "seed": { "type": ["integer", "null"] } },
        });
        let schema = Schema::try_from(schema).unwrap();
        assert_eq!(arguments(&schema), ["rows: integer", "seed?: integer | null"]);
    }
}
