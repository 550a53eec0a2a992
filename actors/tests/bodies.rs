//! What bodies a method reads and writes, whatever its types: JSON, MessagePack, raw values, forms; `#[root]` arguments.

#![allow(clippy::unwrap_used)]

mod support;

use playhouse_actors::{
    AnyClient, Bytes, CallResult, Codec, Definition, Encoded, File, Form, MethodDescription, Part, Raw, Result, Tensor,
    service,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::{here, simulate};

/// Something with fields of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Point {
    x: i32,
    y: i32,
}

/// Gives back what it is given.
pub struct Echo;

#[service]
impl Echo {
    #[init]
    fn new() -> Self {
        Echo
    }

    #[api]
    async fn text(&self, text: String) -> Result<String> {
        Ok(text)
    }

    #[api]
    async fn file(&self, file: File) -> Result<File> {
        Ok(file)
    }

    #[api]
    async fn many(&self, files: Vec<File>, note: Option<String>) -> Result<String> {
        let names: Vec<_> = files.into_iter().filter_map(|file| file.name).collect();
        Ok(format!("{names:?} {note:?}"))
    }

    /// Takes a point.
    #[api(route = "/")]
    async fn root_point(&self, #[root] point: Point) -> Result<Point> {
        Ok(point)
    }

    #[api(route = "/v1/rows")]
    async fn root_rows(
        &self,
        #[root]
        #[tensor(f32, [_, 2])]
        rows: Tensor,
    ) -> Result<Tensor> {
        Ok(rows)
    }

    #[api]
    async fn root_bytes(&self, #[root] bytes: Bytes) -> Result<Bytes> {
        Ok(bytes)
    }

    #[api(batch(max_size = 4))]
    fn root_batch(&self, #[root] texts: Vec<String>) -> Result<Vec<String>> {
        Ok(texts)
    }

    #[api]
    async fn root_maybe(&self, #[root] number: Option<u32>) -> Result<Option<u32>> {
        Ok(number)
    }
}

fn method(name: &str) -> MethodDescription {
    let definition = Definition::of::<Echo>();
    definition.description().methods.iter().find(|method| method.name == name).unwrap().clone()
}

/// Runs a test with a client of the service that knows its names alone, and one that knows its types.
fn with_clients<F: Future<Output = ()> + 'static>(test: impl FnOnce(AnyClient, EchoClient) -> F + 'static) {
    simulate(|| async {
        let runtime = here().service::<Echo>().start().await.unwrap();
        test(runtime.any_client("Echo").unwrap(), runtime.client().unwrap()).await;
    });
}

async fn json(client: &AnyClient, method: &str, body: impl Into<Encoded>) -> CallResult<Value> {
    let reply = client.call(method, body.into(), Codec::Json).await?;
    Ok(serde_json::from_slice(&reply.head).unwrap())
}

fn json_body(value: &Value) -> Encoded {
    Encoded::new(Codec::Json, value.to_string())
}

#[test]
fn a_root_argument_is_the_body() {
    with_clients(|any, typed| async move {
        let point = json!({ "x": 1, "y": 2 });
        assert_eq!(json(&any, "root_point", json_body(&point)).await.unwrap(), point);
        let rows = json!([[1.0, 2.0]]);
        assert_eq!(json(&any, "root_rows", json_body(&rows)).await.unwrap(), rows);
        assert_eq!(json(&any, "root_batch", json_body(&json!("a"))).await.unwrap(), "a");
        assert_eq!(json(&any, "root_maybe", json_body(&json!(null))).await.unwrap(), json!(null));
        let packed = Encoded::encode(&Point { x: 1, y: 2 }, Codec::Msgpack).unwrap();
        assert_eq!(json(&any, "root_point", packed).await.unwrap(), point);
        // Who has the types sees no difference.
        assert_eq!(typed.root_point(Point { x: 1, y: 2 }).await.unwrap(), Point { x: 1, y: 2 });
    });
}

#[test]
fn mistakes_in_a_root_argument_are_told() {
    with_clients(|any, _| async move {
        let table = [
            ("root_point", Encoded::new(Codec::Json, ""), "the body is empty: it is to be the argument"),
            ("root_point", json_body(&json!({ "x": 1, "y": "a" })), "y: invalid type: string \"a\", expected i32"),
            ("root_point", json_body(&json!({ "x": 1, "y": 2, "z": 3 })), "z: unknown field `z`"),
            ("root_rows", json_body(&json!([[1, 2, 3]])), "rows: expected f32 [_, 2], got f32 [1, 3]"),
            ("root_rows", Raw::Text("a".into()).into(), "rows: invalid type: string \"a\", expected a tensor"),
        ];
        for (method, body, expected) in table {
            let told = json(&any, method, body).await.unwrap_err().kind().to_string();
            assert!(told.contains(expected), "{told:?} should say {expected:?}");
        }
    });
}

#[test]
fn a_single_argument_is_read_from_a_raw_value() {
    with_clients(|any, _| async move {
        let file = || File::new("meow").named("cat.png").of_type("image/png");
        let as_json = json!({ "name": "cat.png", "content_type": "image/png", "data": "bWVvdw==" });
        assert_eq!(json(&any, "file", Raw::File(file())).await.unwrap(), as_json);
        assert_eq!(json(&any, "root_bytes", Raw::File(file())).await.unwrap(), "bWVvdw==");
        assert_eq!(json(&any, "root_batch", Raw::Text("a".into())).await.unwrap(), "a");
        assert_eq!(json(&any, "text", Raw::Text("a".into())).await.unwrap(), "a");
        let rows = Tensor::from_rows(&[[1.0_f32, 2.0]]);
        let reply = any.call("root_rows", Encoded::raw(&rows), Codec::Raw).await.unwrap();
        assert_eq!(reply.segments[0].as_ptr(), rows.bytes().as_ptr(), "nothing is copied");
        let told = json(&any, "many", Encoded::raw(&rows)).await.unwrap_err().kind().to_string();
        assert_eq!(told, "Echo.many does not take a single value");
        let told = json(&any, "text", Encoded::raw(&rows)).await.unwrap_err().kind().to_string();
        assert_eq!(told, "text: a raw tensor was given where something else is expected");
    });
}

#[test]
fn results_have_a_raw_form_where_they_are_texts_or_bytes() {
    with_clients(|any, _| async move {
        let reply = any.call("text", json_body(&json!({ "text": "a\nb" })), Codec::Raw).await.unwrap();
        assert_eq!(reply.to_raw().unwrap(), Raw::Text("a\nb".into()));
        let reply = any.call("root_bytes", json_body(&json!("aGk=")), Codec::Raw).await.unwrap();
        assert_eq!(reply.to_raw().unwrap(), Raw::File(File::new("hi")));
        let told = any.call("root_point", json_body(&json!({ "x": 1, "y": 2 })), Codec::Raw).await.unwrap_err();
        assert!(told.to_string().contains("neither a tensor, a text nor a file"), "{told}");
    });
}

#[test]
fn forms_are_read_by_every_method() {
    with_clients(|any, _| async move {
        let cat = |name: &str| Part::file("files", File::new("meow").named(name));
        let form = Form(vec![cat("a.png"), Part::text("note", "two cats"), cat("b.png")]);
        assert_eq!(json(&any, "many", form).await.unwrap(), r#"["a.png", "b.png"] Some("two cats")"#);
        let form = Form(vec![Part::text("x", "1"), Part::text("y", "2")]);
        assert_eq!(json(&any, "root_point", form).await.unwrap(), json!({ "x": 1, "y": 2 }));
        let form = Form(vec![Part::file("whatever", File::new("hi"))]);
        assert_eq!(json(&any, "root_bytes", form).await.unwrap(), "aGk=");
        let form = Form(vec![Part::file("text", File::new("hi").named("a.txt"))]);
        let told = json(&any, "text", form).await.unwrap_err().kind().to_string();
        assert_eq!(told, "text: expected a text, got the file \"a.txt\"");
        let told = json(&any, "many", Form::default()).await.unwrap_err().kind().to_string();
        assert!(told.ends_with("missing field `files`"), "{told}");
    });
}

#[test]
fn descriptions_say_what_the_body_is_and_where() {
    let point = method("root_point");
    assert_eq!((point.root, point.route, &*point.path()), (true, Some("/"), "/"));
    let schema = point.arguments.as_value();
    assert_eq!((&schema["type"], &schema["required"]), (&json!("object"), &json!(["x", "y"])));
    let rows = method("root_rows");
    assert_eq!((rows.root, &*rows.path()), (true, "/v1/rows"));
    assert_eq!(
        (&rows.arguments.as_value()["format"], &rows.arguments.as_value()["shape"]),
        (&json!("tensor"), &json!([null, 2]))
    );
    let text = method("text");
    assert_eq!((text.root, text.route, &*text.path()), (false, None, "/text"));
    assert_eq!(method("file").result.as_value()["format"], "file");
    assert_eq!(method("many").arguments.as_value()["properties"]["files"]["items"]["format"], "file");
    assert_eq!(method("root_bytes").arguments.as_value()["contentEncoding"], "base64");
}
