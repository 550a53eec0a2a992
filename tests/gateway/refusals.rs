//! What a client can get wrong, and what it is told.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::server::{Server, answer};

/// A path, a body, the status, the field at fault, and words of the message.
type Case = (&'static str, &'static [u8], StatusCode, Option<&'static str>, &'static str);

const BAD: StatusCode = StatusCode::BAD_REQUEST;

const CASES: &[Case] = &[
    ("/echo", b"{\"text\": ", BAD, None, "EOF while parsing a value at line 1 column 9"),
    ("/echo", b"text", BAD, None, "expected ident"),
    ("/echo", b"3", BAD, None, "invalid type: integer `3`"),
    ("/echo", b"", BAD, None, "missing field `text`"),
    ("/echo", b"{\"text\": 3}", BAD, Some("text"), "invalid type: integer `3`, expected a string"),
    ("/echo", b"{\"text\": \"a\", \"tone\": \"b\"}", BAD, Some("tone"), "unknown field `tone`, expected `text`"),
    ("/echo", b"{\"text\": \"a\"} {}", BAD, None, "trailing characters"),
    ("/echo", b"{\"text\": \"\xff\xfe\"}", BAD, None, "invalid unicode code point"),
    ("/rows", b"{\"rows\": [[1, 2, 3]]}", BAD, Some("rows"), "[_, 4]"),
    ("/rows", b"{\"rows\": [[1, 2, 3, 4], [5]]}", BAD, Some("rows[1]"), "ragged list"),
    ("/rows", b"{\"rows\": [[1, 2, 3, \"four\"]]}", BAD, Some("rows[0][3]"), "expected a number"),
    ("/ecko", b"{}", StatusCode::NOT_FOUND, None, "Stage has no method ecko, only echo, "),
    ("/ecko", b"{}", StatusCode::NOT_FOUND, None, "did you mean echo?"),
    ("/Stage/ecko", b"{}", StatusCode::NOT_FOUND, None, "did you mean echo?"),
    ("/Stag/echo", b"{}", StatusCode::NOT_FOUND, None, "no service is named Stag, only "),
    ("/Front", b"{}", StatusCode::NOT_FOUND, None, "its methods are /Front/mistake"),
    ("/", b"{}", StatusCode::METHOD_NOT_ALLOWED, None, "/ answers GET, HEAD, not POST"),
    ("/livez", b"{}", StatusCode::METHOD_NOT_ALLOWED, None, "/livez answers GET, HEAD, not POST"),
];

#[tokio::test]
async fn mistakes_are_answered_with_their_reason() {
    let server = Server::start().await;
    let mut wrong = Vec::new();
    for &(path, body, status, field, words) in CASES {
        let request = server.post(path).header("content-type", "application/json").body(body);
        let (answered, problem) = answer(request).await;
        let told = problem["error"].as_str().unwrap_or_default();
        if (answered, problem["field"].as_str()) != (status, field) || !told.contains(words) {
            wrong.push(format!("{path} {}: {answered} {problem}", String::from_utf8_lossy(body)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(server.call("/nothing", &json!({})).await, (StatusCode::OK, Value::Null), "it goes on");
}

#[tokio::test]
async fn a_wrong_verb_is_told_the_right_one() {
    let server = Server::start().await;
    let table = [
        (Method::GET, "/echo", "POST"),
        (Method::DELETE, "/Front/mistake", "POST"),
        (Method::PUT, "/livez", "GET, HEAD"),
    ];
    for (method, path, allowed) in table {
        let request = reqwest::Client::new().request(method, server.url(path));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(response.headers()["allow"], allowed, "{path}");
    }
    let response = server.get("/ecko").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_understood_is_415() {
    let server = Server::start().await;
    let table = [
        ("content-type", "text/plain", "expected application/json or application/msgpack"),
        ("content-type", "application/x-www-form-urlencoded", "-H 'content-type: application/json'"),
        ("content-encoding", "gzip", "expected none"),
    ];
    for (header, value, words) in table {
        let (status, problem) = answer(server.post("/echo").header(header, value).body("{}")).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{value}");
        assert!(problem["error"].as_str().unwrap().contains(words), "{problem}");
    }
    let request = server.post("/echo").header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(answer(request.body(r#"{"text": "a"}"#)).await, (StatusCode::OK, json!("a")));
}

#[tokio::test]
async fn a_bad_deadline_is_told() {
    let server = Server::start().await;
    for value in ["soon", "0", "-1", "1.5"] {
        let (status, problem) = answer(server.post("/nothing").header("x-request-timeout-ms", value)).await;
        assert_eq!(status, BAD, "{value}");
        assert!(problem["error"].as_str().unwrap().contains("whole number of milliseconds"), "{problem}");
    }
}
