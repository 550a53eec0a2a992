//! What forms read as.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::tensor::Tensor;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Arguments {
    text: String,
    maybe: Option<String>,
    count: u32,
    flag: bool,
    numbers: Vec<f32>,
    texts: Vec<String>,
    colour: Colour,
    any: serde_json::Value,
    pair: (u8, u8),
    image: File,
    bytes: crate::Bytes,
    pages: Vec<File>,
    nested: Nested,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    #[default]
    Red,
    Blue,
    Rgb(u8, u8, u8),
}

#[derive(Debug, Default, PartialEq, Deserialize)]
struct Nested {
    depth: u8,
}

fn form(fields: &[(&str, &str)]) -> Form {
    Form(fields.iter().map(|&(name, text)| Part::text(name, text.to_owned())).collect())
}

fn cat() -> File {
    File::new("meow").named("cat.png").of_type("image/png")
}

#[test]
fn the_type_of_an_argument_decides() {
    let table: [(&[(&str, &str)], Arguments); 16] = [
        (&[("text", "world")], Arguments { text: "world".into(), ..Arguments::default() }),
        (&[("text", "\"wor\\nld\"")], Arguments { text: "wor\nld".into(), ..Arguments::default() }),
        (&[("text", "\"half")], Arguments { text: "\"half".into(), ..Arguments::default() }),
        (&[("text", "3")], Arguments { text: "3".into(), ..Arguments::default() }),
        (&[("text", "null")], Arguments { text: "null".into(), ..Arguments::default() }),
        (&[("maybe", "null")], Arguments::default()),
        (&[("maybe", "")], Arguments { maybe: Some(String::new()), ..Arguments::default() }),
        (&[("count", " 3 "), ("flag", "true")], Arguments { count: 3, flag: true, ..Arguments::default() }),
        (&[("numbers", "[1, 2.5]")], Arguments { numbers: vec![1.0, 2.5], ..Arguments::default() }),
        (&[("numbers", "1"), ("numbers", "2")], Arguments { numbers: vec![1.0, 2.0], ..Arguments::default() }),
        (&[("texts", "a")], Arguments { texts: vec!["a".into()], ..Arguments::default() }),
        (&[("texts", "[\"a\",\"b\"]")], Arguments { texts: vec!["a".into(), "b".into()], ..Arguments::default() }),
        (&[("colour", "blue")], Arguments { colour: Colour::Blue, ..Arguments::default() }),
        (&[("colour", "{\"rgb\": [1, 2, 3]}")], Arguments { colour: Colour::Rgb(1, 2, 3), ..Arguments::default() }),
        (&[("any", "{\"a\": 1}")], Arguments { any: serde_json::json!({ "a": 1 }), ..Arguments::default() }),
        (
            &[("nested", "{\"depth\": 2}"), ("pair", "[1,2]"), ("bytes", "aGk=")],
            Arguments { nested: Nested { depth: 2 }, pair: (1, 2), bytes: "hi".into(), ..Arguments::default() },
        ),
    ];
    for (fields, expected) in table {
        assert_eq!(form(fields).read::<Arguments>(), Ok(expected), "{fields:?}");
    }
}

#[test]
fn files_are_files_bytes_and_json() {
    let json = File::new("{\"depth\": 7}").of_type("application/json; charset=utf-8");
    let form = Form(vec![
        Part::file("image", cat()),
        Part::file("bytes", cat()),
        Part::file("pages", cat()),
        Part::file("pages", File::new("page 2")),
        Part::file("nested", json),
    ]);
    let expected = Arguments {
        image: cat(),
        bytes: cat().data,
        pages: vec![cat(), File::new("page 2")],
        nested: Nested { depth: 7 },
        ..Arguments::default()
    };
    assert_eq!(form.read::<Arguments>(), Ok(expected));
}

#[test]
fn what_is_no_object_is_read_from_the_parts_of_one_name() {
    fn root<T: DeserializeOwned>(form: Form) -> CallResult<T> {
        form.read()
    }
    assert_eq!(root::<File>(Form(vec![Part::file("anything", cat())])), Ok(cat()));
    assert_eq!(root::<crate::Bytes>(Form(vec![Part::file("anything", cat())])), Ok("meow".into()));
    assert_eq!(root::<Vec<File>>(Form(vec![Part::file("a", cat()), Part::file("a", cat())])), Ok(vec![cat(), cat()]));
    assert_eq!(root::<u32>(form(&[("n", "3")])), Ok(3));
    assert_eq!(root::<Tensor>(form(&[("rows", "[[1, 2]]")])), Ok(Tensor::from_rows(&[[1.0_f32, 2.0]])));
    assert_eq!(root::<Nested>(form(&[("depth", "3")])), Ok(Nested { depth: 3 }));
    let told = root::<u32>(form(&[("n", "3"), ("m", "4")])).unwrap_err().to_string();
    assert_eq!(told, "m: expected parts of one name only");
    assert!(root::<u32>(form(&[])).unwrap_err().to_string().contains("it has no parts"));
}

#[test]
fn mistakes_name_their_field() {
    let text = |name, text: &'static str| form(&[(name, text)]);
    let table = [
        (text("count", "three"), "count: \"three\" is not the JSON that is expected here"),
        (text("count", "-1"), "count: invalid value: integer `-1`, expected u32"),
        (
            text("count", "3 4"),
            "count: \"3 4\" is not the JSON that is expected here: trailing characters at line 1 column 3",
        ),
        (text("flag", "on"), "flag: \"on\" is not the JSON that is expected here"),
        (text("tone", "a"), "tone: unknown field `tone`, expected one of `text`"),
        (text("colour", "green"), "colour: unknown variant `green`, expected one of `red`, `blue`, `rgb`"),
        (form(&[("count", "1"), ("count", "2")]), "count: is given 2 times, expected once"),
        (Form(vec![Part::file("text", cat())]), "text: expected a text, got the file \"cat.png\""),
        (Form(vec![Part::file("numbers", cat())]), "numbers: expected a text, got the file \"cat.png\""),
        (
            text("image", "https://example.org/cat.png"),
            "image: expected the content itself, as a file or in base64: URLs are",
        ),
        (text("image", "\"http://169.254.169.254/\""), "URLs are not fetched"),
        (text("bytes", "hello!"), "bytes: expected base64 with padding"),
        (Form(vec![Part::text("text", &b"\xff"[..])]), "text: the text is not UTF-8"),
    ];
    for (form, expected) in table {
        let told = form.read::<Arguments>().unwrap_err().to_string();
        assert!(told.contains(expected), "{told:?} should say {expected:?}");
    }
}

#[test]
fn tensors_are_json_in_a_form() {
    #[derive(Debug, Deserialize)]
    struct Rows {
        rows: Tensor,
    }
    let rows: Rows = form(&[("rows", "[[1, 2]]")]).read().unwrap();
    assert_eq!(rows.rows, Tensor::from_rows(&[[1.0_f32, 2.0]]));
    let told = form(&[("rows", "[[1, 2], [3]]")]).read::<Rows>().unwrap_err().to_string();
    assert!(told.starts_with("rows: ragged list at [1]"), "{told}");
    let told = Form(vec![Part::file("rows", cat())]).read::<Rows>().unwrap_err().to_string();
    assert_eq!(told, "rows: expected a text, got the file \"cat.png\"");
}

#[test]
fn a_form_survives_the_way() {
    let form = Form(vec![Part::text("a", "1"), Part::file("b", cat()), Part::file("c", File::default())]);
    let body = Encoded::from(form.clone());
    assert_eq!(Form::of(&body), Ok(form));
    let short = Encoded { segments: Vec::new(), ..body };
    assert!(Form::of(&short).unwrap_err().to_string().contains("3 parts came with 0 segments"));
    assert!(Form::of(&Encoded::new(Codec::Json, "{}")).unwrap_err().to_string().contains("expected a form, got 2"));
}
