//! What the schema of a service says about tensors.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Dim, Tensor, TensorSpec};

impl JsonSchema for Tensor {
    fn schema_name() -> Cow<'static, str> {
        "Tensor".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::Tensor").into()
    }

    /// Inline, so that a reader finds `"format": "tensor"` where the field is, declared or not.
    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "Tensor", "format": "tensor", "type": ["array", "number"] })
    }
}

impl TensorSpec {
    /// The schema of a tensor of this dtype and shape, a dimension of any length being `null`.
    ///
    /// Beside `dtype` and `shape`, which are ours, it has `items` and their number for tools that
    /// know JSON schema alone.
    pub fn json_schema(&self) -> Schema {
        let number = if self.dtype.is_integer() { "integer" } else { "number" };
        let element = json_schema!({ "type": number });
        let mut schema = self.shape.iter().rev().fold(element, |items, dim| list_of(items, *dim));
        schema.insert("title".into(), "Tensor".into());
        schema.insert("format".into(), "tensor".into());
        schema.insert("dtype".into(), self.dtype.name().into());
        schema.insert("shape".into(), self.shape.iter().map(|dim| dim.length()).collect());
        schema
    }
}

impl Dim {
    fn length(self) -> Option<usize> {
        match self {
            Self::Any => None,
            Self::Is(length) => Some(length),
        }
    }
}

fn list_of(items: Schema, dim: Dim) -> Schema {
    let mut list = json_schema!({ "type": "array", "items": items });
    if let Some(length) = dim.length() {
        list.insert("minItems".into(), length.into());
        list.insert("maxItems".into(), length.into());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;
    use serde_json::json;

    const ROWS: TensorSpec = TensorSpec::new(DType::F32, &[Dim::Any, Dim::Is(4)]);

    fn rows(_: &mut SchemaGenerator) -> Schema {
        ROWS.json_schema()
    }

    /// What `#[service]` makes of a method with a declared and an undeclared tensor.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Arguments {
        #[schemars(schema_with = "rows")]
        declared: Tensor,
        undeclared: Tensor,
    }

    #[test]
    fn the_schema_of_arguments_shows_dtype_and_shape_in_place() {
        let schema = schemars::schema_for!(Arguments);
        let four = json!({
            "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4
        });
        assert_eq!(
            schema.as_value()["properties"],
            json!({
                "declared": {
                    "title": "Tensor", "format": "tensor", "dtype": "f32", "shape": [null, 4],
                    "type": "array", "items": four
                },
                "undeclared": {
                    "title": "Tensor", "format": "tensor", "type": ["array", "number"]
                }
            })
        );
    }

    #[test]
    fn a_scalar_is_a_number() {
        let schema = TensorSpec::new(DType::U8, &[]).json_schema();
        assert_eq!(
            schema.as_value(),
            &json!({
                "title": "Tensor", "format": "tensor", "dtype": "u8", "shape": [],
                "type": "integer"
            })
        );
    }
}
