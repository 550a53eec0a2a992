//! A value that fits a JSON schema: something to start from for whoever tries a call.

use serde_json::{Map, Value, json};

/// How many types may be within each other before what can be left out is. Types may contain themselves.
const DEPTH_MAX: usize = 8;

/// A value for a schema, which brings its own definitions.
pub(super) fn of(schema: &Value) -> Value {
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    Examples { root: schema, definitions }.of(schema, 0)
}

/// The example that an author gives in a doc comment: the first block that is marked as JSON.
pub(super) fn in_doc(doc: &str) -> Option<Value> {
    let (_, block) = doc.split_once("```json\n")?;
    let (json, _) = block.split_once("```")?;
    serde_json::from_str(json).ok()
}

struct Examples<'a> {
    root: &'a Value,
    definitions: &'a Map<String, Value>,
}

impl Examples<'_> {
    fn of(&self, schema: &Value, depth: usize) -> Value {
        let Some(schema) = schema.as_object() else { return json!("anything") };
        if let Some(given) = given(schema) {
            return given.clone();
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/$defs/");
            let target = name.and_then(|name| self.definitions.get(name)).unwrap_or(self.root);
            return self.of(target, depth + 1);
        }
        if let Some(arms) = ["anyOf", "oneOf"].into_iter().find_map(|keyword| schema.get(keyword)?.as_array()) {
            return self.of_union(schema, arms, depth);
        }
        if let Some(arms) = schema.get("allOf").and_then(Value::as_array) {
            return merged(arms.iter().map(|arm| self.of(arm, depth)));
        }
        if schema.get("format").is_some_and(|format| format == "tensor") {
            return tensor(schema);
        }
        match self.kind(schema, depth) {
            Some("null") => Value::Null,
            Some("boolean") => true.into(),
            Some("integer") => integer(schema).into(),
            Some("number") => number(schema),
            Some("string") => text(schema).into(),
            Some("array") => self.array(schema, depth),
            Some("object") => self.object(schema, depth),
            _ => json!("anything"),
        }
    }

    /// The first arm; when it gets deep the null, where there is one. What is beside the arms holds for all of them.
    fn of_union(&self, schema: &Map<String, Value>, arms: &[Value], depth: usize) -> Value {
        let is_null = |arm: &&Value| arm["type"] == "null";
        let deep = (depth > DEPTH_MAX).then(|| arms.iter().find(is_null)).flatten();
        let arm = deep.or_else(|| arms.iter().find(|arm| !is_null(arm))).or(arms.first());
        let value = arm.map(|arm| self.of(arm, depth + 1)).unwrap_or_default();
        if value.is_object() && schema.contains_key("properties") {
            return merged([self.object(schema, depth), value]);
        }
        value
    }

    /// The type to take of those that a schema allows.
    fn kind<'a>(&self, schema: &'a Map<String, Value>, depth: usize) -> Option<&'a str> {
        match schema.get("type") {
            Some(Value::String(name)) => Some(name),
            Some(Value::Array(names)) => {
                let mut names = names.iter().filter_map(Value::as_str);
                let may_be_null = names.clone().any(|name| name == "null");
                if depth > DEPTH_MAX && may_be_null { Some("null") } else { names.find(|name| *name != "null") }
            }
            _ => schema.contains_key("properties").then_some("object"),
        }
    }

    fn array(&self, schema: &Map<String, Value>, depth: usize) -> Value {
        let length =
            |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
        let firsts = schema.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut values: Vec<_> = firsts.iter().map(|item| self.of(item, depth + 1)).collect();
        let least = length("minItems").unwrap_or_default();
        let wanted = if depth > DEPTH_MAX || !firsts.is_empty() { least } else { least.max(1) };
        let wanted = wanted.min(length("maxItems").unwrap_or(usize::MAX));
        let item = schema.get("items").unwrap_or(&Value::Null);
        while values.len() < wanted {
            values.push(self.of(item, depth + 1));
        }
        values.into()
    }

    /// What is required; what may be left out is.
    fn object(&self, schema: &Map<String, Value>, depth: usize) -> Value {
        let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let properties = schema.get("properties").and_then(Value::as_object);
        let value = |name: &Value| {
            let name = name.as_str()?;
            Some((name.to_owned(), self.of(properties?.get(name)?, depth + 1)))
        };
        Value::Object(required.iter().filter_map(value).collect())
    }
}

/// What the schema itself says.
fn given(schema: &Map<String, Value>) -> Option<&Value> {
    let first = |name| schema.get(name).and_then(Value::as_array).and_then(|values| values.first());
    first("examples")
        .or_else(|| schema.get("example"))
        .or_else(|| schema.get("const"))
        .or_else(|| first("enum"))
        .or_else(
            // A null says only that there is nothing.
            || schema.get("default").filter(|value| !value.is_null()),
        )
}

fn merged(values: impl IntoIterator<Item = Value>) -> Value {
    let objects =
        values.into_iter().filter_map(|value| if let Value::Object(object) = value { Some(object) } else { None });
    Value::Object(objects.flatten().collect())
}

/// One row where any number will do; without a declaration a table.
fn tensor(schema: &Map<String, Value>) -> Value {
    let Some(shape) = schema.get("shape").and_then(Value::as_array) else { return json!([[0.5, 1.5]]) };
    let is_integer = schema.get("dtype").and_then(Value::as_str).is_some_and(|dtype| dtype.starts_with(['i', 'u']));
    let element = if is_integer { json!(1) } else { json!(0.5) };
    shape.iter().rev().fold(element, |inner, length| {
        let length = length.as_u64().and_then(|length| usize::try_from(length).ok()).unwrap_or(1);
        vec![inner; length].into()
    })
}

fn integer(schema: &Map<String, Value>) -> i64 {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    // Limits of whole numbers, which the types of code have.
    #[expect(clippy::cast_possible_truncation, reason = "a limit beyond i64 is cut to it, as is meant")]
    let of = |limit: f64| limit as i64;
    let least = limit("minimum").map(of).or_else(|| limit("exclusiveMinimum").map(|limit| of(limit).saturating_add(1)));
    let most = limit("maximum").map(of).or_else(|| limit("exclusiveMaximum").map(|limit| of(limit).saturating_sub(1)));
    1.max(least.unwrap_or(i64::MIN)).min(most.unwrap_or(i64::MAX))
}

fn number(schema: &Map<String, Value>) -> Value {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    let least = limit("minimum").or_else(|| limit("exclusiveMinimum"));
    let most = limit("maximum").or_else(|| limit("exclusiveMaximum"));
    json!(match (least, most) {
        (Some(least), Some(most)) => f64::midpoint(least, most),
        (Some(least), None) => 0.5_f64.max(least + 0.5),
        (None, Some(most)) => 0.5_f64.min(most - 0.5),
        (None, None) => 0.5,
    })
}

fn text(schema: &Map<String, Value>) -> String {
    let word = |name: &str| schema.get(name).and_then(Value::as_str);
    let text = match (word("format"), word("contentEncoding")) {
        (_, Some("base64")) => "aGVsbG8=",
        (Some("date-time"), _) => "2026-01-01T12:00:00Z",
        (Some("date"), _) => "2026-01-01",
        (Some("time"), _) => "12:00:00Z",
        (Some("duration"), _) => "PT1M",
        (Some("uuid"), _) => "123e4567-e89b-12d3-a456-426614174000",
        (Some("uri"), _) => "https://example.org/",
        (Some("email"), _) => "someone@example.org",
        (Some("ipv4" | "ip"), _) => "192.0.2.1",
        (Some("ipv6"), _) => "2001:db8::1",
        _ => "text",
    };
    let length = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
    let least = length("minLength").unwrap_or_default().min(1000);
    format!("{text:x<least$}").chars().take(length("maxLength").unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_fit_their_schemas() {
        let table = [
            (json!(true), json!("anything")),
            (json!({ "type": "string" }), json!("text")),
            (json!({ "type": "string", "minLength": 6 }), json!("textxx")),
            (json!({ "type": ["null", "integer"], "minimum": 0, "maximum": 255 }), json!(1)),
            (json!({ "type": "integer", "minimum": 18 }), json!(18)),
            (json!({ "type": "number", "minimum": 2.0, "maximum": 3.0 }), json!(2.5)),
            (json!({ "enum": ["red", "blue"] }), json!("red")),
            (json!({ "type": "integer", "default": 7 }), json!(7)),
            (json!({ "type": "array", "items": { "type": "boolean" }, "minItems": 2 }), json!([true, true])),
            (
                json!({ "type": "array", "prefixItems": [{ "type": "null" }, { "type": "string" }] }),
                json!([null, "text"]),
            ),
            (json!({ "format": "tensor", "type": ["array", "number"] }), json!([[0.5, 1.5]])),
            (json!({ "format": "tensor", "dtype": "u8", "shape": [null, 2] }), json!([[1, 1]])),
            (
                json!({ "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/A" }], "$defs": { "A": { "const": 3 } } }),
                json!(3),
            ),
        ];
        for (schema, expected) in table {
            assert_eq!(of(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn what_may_be_left_out_is_left_out() {
        let schema = json!({
            "type": "object", "required": ["a"],
            "properties": { "a": { "type": "string" }, "b": { "type": "string" } },
        });
        assert_eq!(of(&schema), json!({ "a": "text" }));
    }

    #[test]
    fn a_type_that_contains_itself_ends_somewhere() {
        let tree = json!({ "type": "object", "required": ["left", "leaves"], "properties": {
            "left": { "anyOf": [{ "$ref": "#/$defs/Tree" }, { "type": "null" }] },
            "leaves": { "type": "array", "items": { "$ref": "#/$defs/Tree" } },
        } });
        let example = of(&json!({ "$ref": "#/$defs/Tree", "$defs": { "Tree": tree } }));
        assert!(example["left"]["left"].is_object() && example.to_string().len() < 1 << 20, "{example}");
    }

    #[test]
    fn a_doc_comment_may_have_one() {
        let doc = "Adds.\n\n```json\n{ \"a\": 1 }\n```\n\n```json\n2\n```";
        assert_eq!(in_doc(doc), Some(json!({ "a": 1 })));
        assert_eq!(in_doc("Adds.\n```json\nnot JSON\n```"), None);
        assert_eq!(in_doc("Adds."), None);
    }
}
