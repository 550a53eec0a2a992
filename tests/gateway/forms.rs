//! Forms, with and without files.

use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::server::{Server, answer};

const BAD: StatusCode = StatusCode::BAD_REQUEST;

fn cat(name: &'static str) -> Part {
    Part::bytes(&b"meow"[..]).file_name(name).mime_str("image/png").unwrap()
}

#[tokio::test]
async fn files_and_fields_come_together() {
    let server = Server::start().await;
    let form = Form::new().part("files", cat("a.png")).text("note", "\"two\\ncats\"").part("files", cat("b.png"));
    let expected = r#"Some("a.png") 4, Some("b.png") 4 Some("two\ncats")"#;
    assert_eq!(answer(server.post("/files").multipart(form)).await, (StatusCode::OK, json!(expected)));
}

#[tokio::test]
async fn a_file_comes_back_as_it_is() {
    let server = Server::start().await;
    for path in ["/file", "/root_file"] {
        let name = if path == "/file" { "image" } else { "any name will do" };
        let response = server.post(path).multipart(Form::new().part(name, cat("cat.png"))).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "image/png");
        assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"cat.png\"");
        assert_eq!(response.bytes().await.unwrap(), "meow");
    }
    let response = server.post("/bytes").multipart(Form::new().part("bytes", cat("cat.png"))).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    assert_eq!(response.bytes().await.unwrap(), "meow");
}

/// Python's clients send `json.dumps`, pages and curl what was typed.
#[tokio::test]
async fn the_type_of_an_argument_decides_how_its_field_is_read() {
    let server = Server::start().await;
    for (text, told) in [("world", "world"), ("\"world\"", "world"), ("3", "3"), ("true", "true"), ("", "")] {
        let fields = [("number", "3"), ("text", text), ("maybe", "null")];
        let expected = (StatusCode::OK, json!(format!("3 {told} None")));
        assert_eq!(answer(server.post("/fields").form(&fields)).await, expected, "{text}");
        let form = fields.into_iter().fold(Form::new(), |form, (name, text)| form.text(name, text));
        assert_eq!(answer(server.post("/fields").multipart(form)).await, expected, "{text}");
    }
    let rows = Form::new().text("rows", "[[1, 2, 3, 4]]");
    assert_eq!(answer(server.post("/rows").multipart(rows)).await, (StatusCode::OK, json!([[1.0, 2.0, 3.0, 4.0]])));
    let rows = Form::new()
        .part("rows", Part::text("[[1, 2, 3, 4]]").file_name("rows.json").mime_str("application/json").unwrap());
    assert_eq!(answer(server.post("/rows").multipart(rows)).await.0, StatusCode::OK);
}

/// A path, a form, the field at fault, and words of the message.
type Case = (&'static str, &'static str, Option<&'static str>, &'static str);

const URLENCODED: &[Case] = &[
    ("/fields", "number=three&text=a", Some("number"), "\"three\" is not the JSON that is expected here"),
    ("/fields", "number=3", None, "missing field `text`"),
    ("/fields", "number=3&text=a&text=b", Some("text"), "is given 2 times, expected once"),
    (
        "/fields",
        "number=3&text=a&more=b",
        Some("more"),
        "unknown field `more`, expected one of `number`, `text`, `maybe`",
    ),
    ("/fields", "number=3&text=%ff", Some("text"), "not UTF-8"),
    ("/rows", "rows=%5B%5B1%2C2%5D%5D", Some("rows"), "expected f32 [_, 4], got f32 [1, 2]"),
    ("/rows", "rows=%5B%5B1%2CNaN%5D%5D", Some("rows"), "is not the JSON that is expected here"),
    ("/file", "image=http%3A%2F%2F169.254.169.254%2F", Some("image"), "URLs are not fetched"),
];

const MULTIPART: &[Case] = &[
    ("/echo", "", None, "the form is empty"),
    (
        "/echo",
        "--xx\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\nhel",
        None,
        "cut short in its part \"text\"",
    ),
    ("/echo", "--xx\r\ncontent-disposition: form-data; name=\"te", None, "cut short"),
    (
        "/echo",
        "--xx\r\ncontent-disposition: form-data; name=\"text\"; filename=\"a.txt\"\r\n\r\nhi\r\n--xx--",
        Some("text"),
        "expected a text, got the file \"a.txt\"",
    ),
    (
        "/file",
        "--xx\r\ncontent-disposition: form-data; name=\"image\"\r\n\r\nhttps://example.org/a.png\r\n--xx--",
        Some("image"),
        "URLs are not fetched",
    ),
    (
        "/file",
        "--xx\r\ncontent-disposition: form-data; name=\"picture\"; filename=\"a\"\r\n\r\nhi\r\n--xx--",
        Some("picture"),
        "unknown field `picture`, expected `image`",
    ),
];

#[tokio::test]
async fn mistakes_in_forms_name_their_field() {
    let server = Server::start().await;
    let (urlencoded, multipart) = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=xx");
    let cases = URLENCODED.iter().map(|case| (urlencoded, case)).chain(MULTIPART.iter().map(|case| (multipart, case)));
    let mut wrong = Vec::new();
    for (content_type, &(path, body, field, words)) in cases {
        let (status, problem) = answer(server.post(path).header("content-type", content_type).body(body)).await;
        let told = problem["error"].as_str().unwrap_or_default();
        if (status, problem["field"].as_str()) != (BAD, field) || !told.contains(words) {
            wrong.push(format!("{path} {body}: {status} {problem}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(server.call("/nothing", &json!({})).await, (StatusCode::OK, Value::Null), "it goes on");
}

#[tokio::test]
async fn what_a_form_may_cost_is_bounded() {
    let server = Server::start().await;
    let long = "a".repeat(10_000);
    let part = "content-disposition: form-data; name=\"a\"\r\n\r\n\r\n--xx";
    let many = format!("--xx\r\n{}--", format!("{part}\r\n").repeat(1001));
    let table = [
        ("multipart/form-data", "--xx--", "needs a boundary"),
        ("multipart/form-data; boundary=xx", &many, "more than 1000 parts"),
        (
            "multipart/form-data; boundary=xx",
            &format!("--xx\r\ncontent-disposition: form-data; name=\"{long}\""),
            "longer than 8192 bytes",
        ),
        ("application/x-www-form-urlencoded", &"a=1&".repeat(1001), "more than 1000 fields"),
    ];
    for (content_type, body, words) in table {
        let request = server.post("/echo").header("content-type", content_type).body(body.to_owned());
        let (status, problem) = answer(request).await;
        assert_eq!(status, BAD, "{words}");
        assert!(problem["error"].as_str().unwrap().contains(words), "{problem}");
    }
}
