//! What BentoML's client is told of our types.

use playhouse_actors::tensor::{DType, Dim, TensorSpec};
use playhouse_actors::{Bytes, File, Tensor};
use schemars::{JsonSchema, Schema, SchemaGenerator, schema_for};
use serde_json::{Value, json};

use super::schema;

fn rows(_: &mut SchemaGenerator) -> Schema {
    TensorSpec::new(DType::F32, &[Dim::Any, Dim::Is(4)]).json_schema()
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is of interest")]
struct Flower {
    petals: Vec<f32>,
    colour: Option<String>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is of interest")]
struct Tree {
    left: Option<Box<Tree>>,
    leaves: Vec<Tree>,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is of interest")]
enum Either {
    Flower(Flower),
    Tree { height: f32 },
}

#[derive(JsonSchema)]
#[schemars(transparent, extend("contentMediaType" = "image/png", "pil" = true))]
#[expect(dead_code, reason = "only its schema is of interest")]
struct Picture(File);

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is of interest")]
struct Arguments {
    /// One row for each flower.
    #[schemars(schema_with = "rows")]
    rows: Tensor,
    any: Tensor,
    maybe: Option<Tensor>,
    image: Bytes,
    maybe_image: Option<File>,
    pages: Vec<Bytes>,
    flower: Flower,
    maybe_flower: Option<Flower>,
    flowers: Vec<Flower>,
    either: Either,
    tree: Tree,
    value: Value,
    values: Vec<Value>,
    pair: (u8, f32),
    names: Option<Vec<String>>,
}

fn property(name: &str) -> Value {
    schema::arguments(schema_for!(Arguments).as_value())["properties"][name].clone()
}

fn result<T: JsonSchema>() -> Value {
    let mut schema = schema::result(schema_for!(T).as_value());
    schema.remove("title");
    schema.into()
}

#[test]
fn arguments_stay_in_the_order_of_the_code_and_options_are_not_required() {
    let schema = schema::arguments(schema_for!(Arguments).as_value());
    let names: Vec<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names[..5], ["rows", "any", "maybe", "image", "maybe_image"]);
    let required = schema["required"].as_array().unwrap();
    assert!(required.contains(&json!("rows")) && !required.contains(&json!("maybe")), "{required:?}");
    assert_eq!(schema["type"], "object");
}

#[test]
fn tensors_have_the_names_of_numpy() {
    let tensor = |dtype, shape| schema::result(TensorSpec::new(dtype, shape).json_schema().as_value());
    let rows = json!({
        "description": "One row for each flower.", "title": "Tensor",
        "type": "tensor", "format": "numpy-array", "dtype": "float32", "shape": [-1, 4],
    });
    assert_eq!(property("rows"), rows);
    assert_eq!(property("any"), json!({ "title": "Tensor", "type": "tensor", "format": "numpy-array" }));
    let names = DType::ALL.map(|dtype| tensor(dtype, &[])["dtype"].clone());
    assert_eq!(names, ["float32", "float64", "float16", "float32", "int64", "uint32", "uint8"]);
    // Two open lengths are nothing that numpy could find by itself, and nothing can be found beside a 0.
    assert_eq!(tensor(DType::F32, &[Dim::Any, Dim::Any]).get("shape"), None);
    assert_eq!(tensor(DType::F32, &[Dim::Any, Dim::Is(0)]).get("shape"), None);
}

#[test]
fn what_python_cannot_write_by_itself_has_its_type_even_if_it_may_be_left_out() {
    assert_eq!(property("maybe")["type"], "tensor");
    assert_eq!(property("maybe_flower")["properties"]["petals"]["type"], "array");
    assert_eq!(property("names")["type"], json!(["array", "null"]));
}

#[test]
fn bytes_are_sent_as_files() {
    assert_eq!(property("image"), json!({ "type": "file", "format": "binary" }));
    assert_eq!(property("pages")["items"]["type"], "file");
    assert_eq!(property("maybe_image")["type"], "file");
    let whole = json!({ "type": "string", "format": "binary" });
    assert_eq!(result::<Bytes>(), whole);
    assert_eq!(schema::arguments(schema_for!(Bytes).as_value())["type"], "string");
}

#[test]
fn files_say_what_they_hold() {
    let file = |schema: Value| Value::from(schema::result(&schema));
    let any = file(schema_for!(File).to_value());
    assert_eq!((&any["type"], &any["format"], any.get("properties")), (&json!("file"), &json!("binary"), None));
    let picture = file(schema_for!(Picture).to_value());
    assert_eq!(
        (&picture["format"], &picture["content_type"], &picture["pil"]),
        (&json!("image"), &json!("image/png"), &json!(true))
    );
    // Deeper than the client looks they are what they are in JSON.
    assert_ne!(file(schema_for!(Vec<File>).to_value())["items"]["type"], "file");
}

#[test]
fn models_are_written_out_and_unions_left_alone() {
    assert_eq!(property("flower")["type"], "object");
    assert_eq!(property("flowers")["items"]["properties"]["colour"]["type"], json!(["string", "null"]));
    let either = property("either");
    assert_eq!((either.get("type"), either.get("properties")), (None, None));
    assert_eq!(either["anyOf"].as_array().unwrap().len(), 2);
}

#[test]
fn a_type_that_refers_to_itself_is_cut_where_it_does() {
    let tree = property("tree");
    assert_eq!(tree["properties"]["leaves"], json!({ "type": "array", "items": {} }));
    assert!(!tree.to_string().contains("$ref"), "{tree}");
    assert!(!result::<Tree>().to_string().contains("$ref"));
}

#[test]
fn every_array_has_items_that_can_be_looked_into() {
    assert_eq!(property("value"), json!({}));
    assert_eq!(property("values"), json!({ "type": "array", "items": {} }));
    assert_eq!(property("pair")["items"], json!({}));
}

#[test]
fn a_result_that_may_be_null_is_not_looked_into() {
    assert_eq!(result::<String>(), json!({ "type": "string" }));
    assert_eq!(result::<Option<String>>(), json!({ "type": ["string", "null"] }));
    assert_eq!(result::<Option<Vec<u8>>>()["type"], json!(["array", "null"]));
    assert_ne!(result::<Option<Tensor>>()["type"], "tensor");
    assert_eq!(result::<Option<Flower>>()["type"], "object");
    assert_eq!(result::<Option<File>>()["type"], "file", "it is sent as one, and nothing as 204");
}
