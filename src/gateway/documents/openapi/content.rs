//! What a method takes and gives, in each of the forms that HTTP has for it.

use playhouse_actors::{MethodDescription, MethodKind};
use serde_json::{Map, Value, json};

use super::example;
use crate::gateway::value::{Kind, Takes};

const JSON: &str = "application/json";
const MSGPACK: &str = "application/msgpack";
const OCTETS: &str = "application/octet-stream";
const TEXT: &str = "text/plain";
const MULTIPART: &str = "multipart/form-data";
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// The body of a request. `arguments` is the reference to the schema of the arguments, `placed` that schema.
pub(super) fn body(method: &MethodDescription, arguments: &Value, placed: &Value) -> Value {
    let mut content = Map::new();
    let mut add = |name: &str, media: Value| drop(content.insert(name.into(), media));
    let takes = Takes::of(method);
    match (takes.root, takes.only) {
        // What is shown first is what one would use: a page offers to choose a file only in a form.
        (false, _) if has_files(placed) => add(MULTIPART, form(placed)),
        (true, Some(Kind::File | Kind::Bytes)) => add(OCTETS, octets("The file.")),
        _ => {}
    }
    if !(takes.root && takes.only == Some(Kind::File)) {
        let example = example::in_doc(method.doc).unwrap_or_else(|| example::of(method.arguments.as_value()));
        add(JSON, json!({ "schema": arguments, "example": example }));
    }
    add(MSGPACK, json!({ "schema": arguments }));
    match takes.only {
        Some(Kind::Tensor) => {
            add(OCTETS, octets("The elements of the tensor, little-endian; dtype and shape in headers."))
        }
        Some(Kind::File | Kind::Bytes) => add("*/*", octets("The file, as what it is.")),
        Some(Kind::Text) if takes.root => add(TEXT, json!({ "schema": { "type": "string" } })),
        _ => {}
    }
    if !takes.root && placed["properties"].as_object().is_some_and(|properties| !properties.is_empty()) {
        add(MULTIPART, form(placed));
        add(URLENCODED, json!({ "schema": arguments }));
    }
    let is_required = takes.root || placed["required"].as_array().is_some_and(|names| !names.is_empty());
    json!({ "content": content, "required": is_required })
}

/// The headers that a method reads beside those that all do.
pub(super) fn parameters(method: &MethodDescription) -> Vec<Value> {
    let is_raw = Takes::of(method).only == Some(Kind::Tensor);
    let headers = if is_raw { tensor_headers() } else { Map::new() };
    let headers = headers.into_iter().map(|(name, mut header)| {
        header["name"] = name.into();
        header["in"] = "header".into();
        header
    });
    headers.collect()
}

/// The answer of a method that went well.
pub(super) fn answer(method: &MethodDescription, result: &Value) -> Value {
    if method.kind == MethodKind::Stream {
        return json!({
            "description": "Items as they come; the schema is that of one. An error in mid-stream is the last item, \
                            and ends the answer without an end if `accept` asks for neither of these types.",
            "content": { "text/event-stream": { "schema": result }, "application/x-ndjson": { "schema": result } },
        });
    }
    let mut content = Map::new();
    let mut add = |name: &str, media: Value| drop(content.insert(name.into(), media));
    let example = example::of(method.result.as_value());
    let kind = Kind::given_by(method);
    match kind {
        Kind::Text => add(TEXT, json!({ "schema": result, "example": example })),
        Kind::Bytes => add(OCTETS, octets("The bytes.")),
        Kind::File => add("*/*", octets("The file, as what it is.")),
        Kind::Tensor | Kind::Other => {}
    }
    add(JSON, json!({ "schema": result, "example": example }));
    add(MSGPACK, json!({ "schema": result }));
    if kind == Kind::Tensor {
        add(OCTETS, octets("The elements of the tensor, little-endian; dtype and shape in headers."));
    }
    let mut answer = json!({ "description": "The result.", "content": content });
    if kind == Kind::Tensor {
        answer["headers"] = tensor_headers().into();
    }
    answer
}

/// The answer without a body, of a method whose result has a form of its own and may be nothing.
pub(super) fn nothing(method: &MethodDescription) -> Option<Value> {
    let types = method.result.as_value()["type"].as_array();
    let may_be_null = types.is_some_and(|types| types.iter().any(|name| name == "null"));
    let has_own_form = matches!(Kind::given_by(method), Kind::File | Kind::Tensor);
    let is_said = method.kind != MethodKind::Stream && may_be_null && has_own_form;
    is_said.then(|| json!({ "description": "Nothing, where the result is not asked for as JSON or MessagePack." }))
}

/// Bytes that are no text; OpenAPI 3.1 says so by giving them no type.
fn octets(description: &str) -> Value {
    json!({ "schema": { "description": description } })
}

/// Arguments as a form: what is a file is one there, and not the text that it is in JSON.
fn form(arguments: &Value) -> Value {
    let mut schema = arguments.clone();
    if let Some(properties) = schema["properties"].as_object_mut() {
        for property in properties.values_mut() {
            if let Some(items) = property.get_mut("items").filter(|items| is_file(items)) {
                *items = file(items);
            } else if is_file(property) {
                *property = file(property);
            }
        }
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("title");
    }
    json!({ "schema": schema })
}

fn has_files(arguments: &Value) -> bool {
    let mut properties = arguments["properties"].as_object().into_iter().flatten();
    properties.any(|(_, schema)| is_file(schema) || is_file(&schema["items"]))
}

fn is_file(schema: &Value) -> bool {
    schema["format"] == "file" || schema["contentEncoding"] == "base64"
}

/// `binary` is a word of OpenAPI 3.0 by which pages still know that a file is to be chosen.
fn file(schema: &Value) -> Value {
    let mut file = json!({ "type": "string", "format": "binary" });
    if let Some(description) = schema.get("description") {
        file["description"] = description.clone();
    }
    file
}

/// The headers that say what the elements of a raw tensor are.
fn tensor_headers() -> Map<String, Value> {
    let header = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string" }, "example": example });
    let mut headers = Map::new();
    headers.insert("x-tensor-dtype".into(), header("The dtype of a raw tensor.", "f32"));
    headers.insert("x-tensor-shape".into(), header("The length of each dimension of a raw tensor.", "1,4"));
    headers
}
