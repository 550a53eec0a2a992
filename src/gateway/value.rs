//! What kind of value a method takes or gives, as far as HTTP has a form of its own for it.

use playhouse_actors::MethodDescription;
use serde_json::Value;

/// A kind of value that HTTP has a form of its own for, or any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A tensor: its bytes, with dtype and shape in headers.
    Tensor,
    /// A text.
    Text,
    /// Bytes of which nothing is known.
    Bytes,
    /// Bytes with a name and a type.
    File,
    /// Anything else: JSON or MessagePack.
    Other,
}

/// What a method takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Takes {
    /// Whether a body is the argument itself.
    pub(super) root: bool,
    /// The only argument, if there is one and no other.
    pub(super) only: Option<Kind>,
}

impl Kind {
    fn of(schema: &Value) -> Self {
        let is = |key, value| schema[key] == value;
        if is("format", "tensor") {
            Self::Tensor
        } else if is("format", "file") {
            Self::File
        } else if is("type", "string") && is("contentEncoding", "base64") {
            Self::Bytes
        } else if is("type", "string") {
            Self::Text
        } else {
            Self::Other
        }
    }

    /// What a method gives, for a stream each item.
    pub(super) fn given_by(method: &MethodDescription) -> Self {
        Self::of(method.result.as_value())
    }
}

impl Takes {
    pub(super) fn of(method: &MethodDescription) -> Self {
        let schema = method.arguments.as_value();
        let root = method.root;
        if root {
            return Self { root, only: Some(Kind::of(schema)) };
        }
        let mut properties = schema["properties"].as_object().into_iter().flatten();
        let only = properties.next().filter(|_| properties.next().is_none());
        Self { root, only: only.map(|(_, schema)| Kind::of(schema)) }
    }

    /// The content types that a method takes, for who has sent another.
    pub(super) fn content_types(self) -> String {
        let only = match self.only {
            Some(Kind::Tensor) => ", application/octet-stream with x-tensor-dtype and x-tensor-shape",
            Some(Kind::Bytes | Kind::File) => ", application/octet-stream or the type of the file itself",
            Some(Kind::Text) if self.root => ", text/plain",
            _ => "",
        };
        format!("application/json, application/msgpack, multipart/form-data, application/x-www-form-urlencoded{only}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_tell_what_http_has_a_form_for() {
        let table = [
            (json!({ "format": "tensor", "type": ["array", "number"] }), Kind::Tensor),
            (json!({ "format": "file", "type": ["string", "object"], "contentEncoding": "base64" }), Kind::File),
            (json!({ "format": "binary", "type": "string", "contentEncoding": "base64" }), Kind::Bytes),
            (json!({ "type": "string" }), Kind::Text),
            (json!({ "type": "string", "enum": ["red"] }), Kind::Text),
            (json!({ "type": ["string", "null"] }), Kind::Other),
            (json!({ "type": "array", "items": { "format": "file" } }), Kind::Other),
            (json!({ "type": "object" }), Kind::Other),
            (json!({ "$ref": "#/$defs/Colour" }), Kind::Other),
            (json!(true), Kind::Other),
        ];
        for (schema, expected) in table {
            assert_eq!(Kind::of(&schema), expected, "{schema}");
        }
    }
}
