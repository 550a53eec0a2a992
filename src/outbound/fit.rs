//! Whether what a peer offers fits what is called: everything that does not, at once.

use std::fmt::Write as _;

use playhouse_actors::{MethodDescription, MethodKind, ServiceDescription};
use serde_json::{Map, Value};

use super::contract::{Contract, Offer};
use crate::nearest::nearest;

/// Compares the methods of a service, as they are known here, with what a peer offers. One line for each thing that does
/// not fit; none if all do, or if the peer does not say what it offers.
pub(super) fn report(expected: &ServiceDescription, contract: &Contract) -> Option<String> {
    if !contract.is_known {
        return None;
    }
    let mut report = String::new();
    for method in &expected.methods {
        for mistake in mistakes(method, contract) {
            let _ = write!(report, "\n  {}: {mistake}", method.name);
        }
    }
    if report.is_empty() {
        return None;
    }
    if contract.service != expected.name && !contract.service.is_empty() {
        let _ = write!(report, "\n  (the service there is {}, not {}", contract.service, expected.name);
        // Which is where they differ most easily: the URL of a program is that of its entry.
        let hint = if contract.is_playhouse { ": other services of a program are at <URL>/<Service>)" } else { ")" };
        report.push_str(hint);
    }
    Some(report)
}

fn mistakes(method: &MethodDescription, contract: &Contract) -> Vec<String> {
    let Some(offer) = contract.offer(method.name) else {
        let names = contract.names();
        let hint = nearest(method.name, &names).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        return vec![format!("there is no such method, only {}{hint}", names.join(", "))];
    };
    let mut mistakes = Vec::new();
    match (method.kind == MethodKind::Stream, offer.is_stream) {
        (true, false) => mistakes.push("it answers once, and a stream is expected".to_owned()),
        (false, true) => mistakes.push("it answers by a stream, and one answer is expected".to_owned()),
        _ => {}
    }
    mistakes.extend(arguments(method, offer));
    let (ours, theirs) = (Kind::of(method.result.as_value()), Kind::of(&offer.output));
    if let Some(difference) = ours.differs_from(&theirs) {
        mistakes.push(format!("it gives {theirs}, and {ours} is expected{difference}"));
    }
    mistakes
}

fn arguments(method: &MethodDescription, offer: &Offer) -> Vec<String> {
    let sent = properties(method.arguments.as_value());
    match (offer.input["root_input"] == true, method.root) {
        // The name of the one argument does not matter.
        (true, false) if sent.len() == 1 => return Vec::new(),
        (true, true) => return Vec::new(),
        (true, false) => return vec![format!("it takes one value alone, and {} arguments are sent", sent.len())],
        (false, true) => return vec!["it takes arguments by their names, and one value alone is sent".into()],
        (false, false) => {}
    }
    // A peer that says nothing of its arguments takes what comes.
    let Some(taken) = offer.input["properties"].as_object() else { return Vec::new() };
    let mut mistakes = Vec::new();
    let names: Vec<&str> = taken.keys().map(String::as_str).collect();
    for (name, schema) in &sent {
        let Some(theirs) = taken.get(name.as_str()) else {
            if offer.input["additionalProperties"] != true {
                let hint = nearest(name, &names).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                mistakes.push(format!("it takes no argument {name}, only {}{hint}", names.join(", ")));
            }
            continue;
        };
        let (ours, theirs) = (Kind::of(schema), Kind::of(theirs));
        if let Some(difference) = ours.differs_from(&theirs) {
            mistakes.push(format!("its argument {name} is {theirs}, and {ours} is sent{difference}"));
        }
    }
    let required = offer.input["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for name in required.filter(|name| !sent.contains_key(*name)) {
        mistakes.push(format!("it needs an argument {name}, which is not sent"));
    }
    mistakes
}

fn properties(schema: &Value) -> Map<String, Value> {
    schema["properties"].as_object().cloned().unwrap_or_default()
}

/// What a value is, as far as two schemas can be compared.
#[derive(Debug, PartialEq)]
struct Kind {
    name: &'static str,
    dtype: Option<String>,
    /// Each dimension; `None` has any length.
    shape: Option<Vec<Option<u64>>>,
}

impl Kind {
    fn of(schema: &Value) -> Self {
        let format = schema["format"].as_str().unwrap_or_default();
        let name = match (types(schema).as_slice(), format) {
            (_, "tensor") | (["tensor"], _) => "a tensor",
            (_, "file" | "base64" | "byte") | (["file"], _) | (["string"], "binary") => "a file or bytes",
            (["string"], _) => "a text",
            (["integer" | "number"], _) => "a number",
            (["boolean"], _) => "true or false",
            (["array"], _) => "a list",
            (["object"], _) => "an object",
            (["null"], _) => "nothing",
            _ => "anything",
        };
        let dtype = schema["dtype"].as_str().map(dtype);
        Self { name, dtype, shape: shape(&schema["shape"]) }
    }

    /// How they differ beside their names; `None` if each can be taken for the other.
    fn differs_from(&self, other: &Self) -> Option<&'static str> {
        if self.name == other.name {
            let dtypes = self.dtype.as_ref().zip(other.dtype.as_ref()).is_some_and(|(ours, theirs)| ours != theirs);
            let shapes =
                self.shape.as_ref().zip(other.shape.as_ref()).is_some_and(|(ours, theirs)| apart(ours, theirs));
            return (dtypes || shapes).then_some("");
        }
        let is = |name: &str| self.name == name || other.name == name;
        // In JSON a tensor is a list of lists, or a number.
        let alike = is("anything") || is("a tensor") && (is("a list") || is("a number"));
        // Bytes are a text in JSON, but then one in base64.
        let bytes = if is("a file or bytes") && is("a text") { " (in JSON, bytes are base64)" } else { "" };
        (!alike).then_some(bytes)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        if let Some(dtype) = &self.dtype {
            write!(f, " of {dtype}")?;
        }
        let Some(shape) = &self.shape else { return Ok(()) };
        let dims: Vec<_> = shape.iter().map(|dim| dim.map_or_else(|| "_".to_owned(), |dim| dim.to_string())).collect();
        write!(f, " [{}]", dims.join(", "))
    }
}

/// The types that a schema allows, without that of what may be left out.
fn types(schema: &Value) -> Vec<&str> {
    let mut types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if types.is_empty() {
        let arms = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
        types = arms.into_iter().flatten().flat_map(self::types).collect();
    }
    if types.len() > 1 {
        types.retain(|name| *name != "null");
    }
    types
}

/// In our words: `float32` is `f32`.
fn dtype(name: &str) -> String {
    let name = name.strip_prefix("torch.").unwrap_or(name);
    let table = [("bfloat", "bf"), ("float", "f"), ("uint", "u"), ("int", "i")];
    let short = table.iter().find_map(|(long, short)| Some(format!("{short}{}", name.strip_prefix(long)?)));
    short.unwrap_or_else(|| name.to_owned())
}

/// Ours has `null` for a dimension of any length, BentoML's -1.
fn shape(shape: &Value) -> Option<Vec<Option<u64>>> {
    Some(shape.as_array()?.iter().map(Value::as_u64).collect())
}

fn apart(ours: &[Option<u64>], theirs: &[Option<u64>]) -> bool {
    let differ =
        |(ours, theirs): (&Option<u64>, &Option<u64>)| ours.zip(*theirs).is_some_and(|(one, other)| one != other);
    ours.len() != theirs.len() || ours.iter().zip(theirs).any(differ)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(ours: &Value, theirs: &Value) -> Option<String> {
        let (ours, theirs) = (Kind::of(ours), Kind::of(theirs));
        ours.differs_from(&theirs).map(|difference| format!("{ours} / {theirs}{difference}"))
    }

    #[test]
    fn kinds_of_values() {
        let tensor = |dtype: &str, shape: Value| json!({ "type": "tensor", "format": "numpy-array", "dtype": dtype, "shape": shape });
        let rows = json!({ "format": "tensor", "dtype": "f32", "shape": [null, 4], "type": "array" });
        let table = [
            (rows.clone(), tensor("float32", json!([-1, 4])), None),
            (rows.clone(), json!({ "type": "tensor", "format": "numpy-array" }), None),
            (rows.clone(), json!({ "type": "array", "items": { "type": "array" } }), None),
            (rows.clone(), tensor("float64", json!([-1, 4])), Some("a tensor of f32 [_, 4] / a tensor of f64 [_, 4]")),
            (rows.clone(), tensor("float32", json!([-1, 3])), Some("a tensor of f32 [_, 4] / a tensor of f32 [_, 3]")),
            (rows.clone(), tensor("float32", json!([4])), Some("a tensor of f32 [_, 4] / a tensor of f32 [4]")),
            (rows, json!({ "type": "string" }), Some("a tensor of f32 [_, 4] / a text")),
            (
                json!({ "type": ["string", "null"] }),
                json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
                None,
            ),
            (json!({ "type": "integer" }), json!({ "type": "number" }), None),
            (json!(true), json!({ "type": "string" }), None),
            (json!({ "$ref": "#/$defs/Flower" }), json!({ "type": "object" }), None),
            (json!({ "type": "string" }), json!({ "type": "integer" }), Some("a text / a number")),
            (
                json!({ "type": "string" }),
                json!({ "type": "string", "format": "binary" }),
                Some("a text / a file or bytes (in JSON, bytes are base64)"),
            ),
        ];
        for (ours, theirs, expected) in table {
            assert_eq!(told(&ours, &theirs).as_deref(), expected, "{ours} {theirs}");
        }
    }
}
