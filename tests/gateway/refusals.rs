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
    ("/echo", b"{\"text\": \"\xff\xfe\"}", BAD, Some("text"), "invalid unicode code point"),
    ("/rows", b"{\"rows\": [[1, 2, 3]]}", BAD, Some("rows"), "[_, 4]"),
    ("/rows", b"{\"rows\": [[1, 2, 3, 4], [5]]}", BAD, Some("rows[1]"), "ragged list"),
    ("/rows", b"{\"rows\": [[1, 2, 3, \"four\"]]}", BAD, Some("rows[0][3]"), "expected a number"),
    ("/ecko", b"{}", StatusCode::NOT_FOUND, None, "Stage has no method ecko, only echo, "),
    ("/ecko", b"{}", StatusCode::NOT_FOUND, None, "did you mean echo?"),
    ("/Stage/ecko", b"{}", StatusCode::NOT_FOUND, None, "did you mean echo?"),
    ("/Stag/echo", b"{}", StatusCode::NOT_FOUND, None, "no service is named Stag, only "),
    ("/Front", b"{}", StatusCode::NOT_FOUND, None, "its methods are /Front/mistake"),
    ("/", b"{}", BAD, None, "invalid type: map, expected a sequence"),
    ("/v1/text", b"", BAD, None, "the body is empty: it is to be the argument"),
    ("/root_text", b"{}", StatusCode::NOT_FOUND, None, "Stage.root_text is at /v1/text; other services"),
    ("/rows", b"{\"rows\": [[1, 2, 3, NaN]]}", BAD, Some("rows[0][3]"), "expected value"),
    ("/rows", b"{\"rows\": [[1, 2, 3, 1e999]]}", BAD, Some("rows[0][3]"), "number out of range"),
    (
        "/rows",
        b"{\"rows\": [[[[[[[[[[1]]]]]]]]]]}",
        BAD,
        Some("rows[0][0][0][0][0][0][0][0]"),
        "expected at most 8 dimensions",
    ),
    ("/%65cko", b"{}", StatusCode::NOT_FOUND, None, "Stage has no method ecko"),
    ("/Stage%2Fecho", b"{}", StatusCode::NOT_FOUND, None, "no method Stage%2Fecho"),
    ("/file", b"{\"image\": \"https://example.org/cat.png\"}", BAD, Some("image"), "URLs are not fetched"),
    ("/file", b"{\"image\": \"not base64\"}", BAD, Some("image"), "expected base64 with padding"),
    ("/file", b"{\"image\": {\"name\": \"a\"}}", BAD, Some("image"), "missing field `data`"),
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
async fn what_is_not_understood_is_415_and_says_what_is() {
    let server = Server::start().await;
    let all = "expected application/json, application/msgpack, multipart/form-data, application/x-www-form-urlencoded";
    let table = [
        ("/echo", "text/plain", all),
        ("/echo", "application/pdf", all),
        ("/echo", "application/octet-stream", all),
        ("/echo", "gibberish", all),
        ("/echo", "", all),
        ("/rows", "application/pdf", "application/octet-stream with x-tensor-dtype and x-tensor-shape"),
        ("/v1/text", "application/octet-stream", ", text/plain"),
        ("/echo", "application/x-www-form-urlencoded", "-H 'content-type: application/json'"),
    ];
    for (path, content_type, words) in table {
        let request = server.post(path).header("content-type", content_type).body(r#"{"text": "a"}"#);
        let (status, problem) = answer(request).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
        assert!(problem["error"].as_str().unwrap().contains(words), "{problem}");
    }
    let request = server.post("/echo").header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(answer(request.body(r#"{"text": "a"}"#)).await, (StatusCode::OK, json!("a")));
}

#[tokio::test]
async fn a_raw_tensor_has_to_fit_its_headers() {
    let server = Server::start().await;
    let table: [(Option<&str>, Option<&str>, usize, &str); 10] = [
        (None, Some("1,4"), 16, "the header x-tensor-dtype is missing"),
        (Some("f32"), None, 16, "the header x-tensor-shape is missing"),
        (Some("int8"), Some("1,4"), 16, "x-tensor-dtype: unknown dtype `int8`, expected one of f32"),
        (Some("f32"), Some("1,-4"), 16, "x-tensor-shape is \"1,-4\": expected whole numbers"),
        (Some("f32"), Some("1,,4"), 16, "expected whole numbers"),
        (Some("f32"), Some("1,1,1,1,1,1,1,1,4"), 16, "at most 8 of them"),
        (Some("f32"), Some("4294967296,4294967296,4"), 16, "overflows"),
        (Some("f32"), Some("99999999999999999999"), 16, "expected whole numbers"),
        (Some("f32"), Some("1,4"), 15, "f32 [1, 4] takes 16 bytes, got 15"),
        (Some("f32"), Some("2,2"), 16, "rows: expected f32 [_, 4], got f32 [2, 2]"),
    ];
    for (dtype, shape, length, words) in table {
        let mut request = server.post("/rows").header("content-type", "application/octet-stream");
        for (name, value) in [("x-tensor-dtype", dtype), ("x-tensor-shape", shape)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let (status, problem) = answer(request.body(vec![0; length])).await;
        assert_eq!(status, BAD, "{problem}");
        assert!(problem["error"].as_str().unwrap().contains(words), "{problem}");
    }
}

#[tokio::test]
async fn message_pack_that_is_none_is_told() {
    let server = Server::start().await;
    for body in
        [&b"\xc1"[..], b"\x81", b"\x81\xa4text", b"\xdf\xff\xff\xff\xff", b"\x81\xa4text\xdb\xff\xff\xff\xff", b""]
    {
        let (status, problem) =
            answer(server.post("/echo").header("content-type", "application/msgpack").body(body)).await;
        assert_eq!(status, BAD, "{body:?}");
        assert!(problem["error"].as_str().unwrap().contains("not the MessagePack that was expected"), "{problem}");
    }
    let deep = [&b"\x81\xa4text"[..], &[0x91; 100_000]].concat();
    let (status, _) = answer(server.post("/echo").header("content-type", "application/msgpack").body(deep)).await;
    assert_eq!(status, BAD);
}

/// Readers of nested values recurse: what goes too deep ends in an error, and not in the stack's end.
#[tokio::test]
async fn depth_is_bounded() {
    let server = Server::start().await;
    for body in ["[".repeat(100_000), format!("{{\"tensor\":{}", "[".repeat(100_000)), "{\"a\":".repeat(100_000)] {
        for path in ["/tensor", "/", "/echo"] {
            let (status, problem) = answer(server.post(path).body(body.clone())).await;
            assert_eq!(status, BAD, "{problem}");
        }
    }
    assert_eq!(server.call("/nothing", &json!({})).await.0, StatusCode::OK, "it goes on");
}

#[tokio::test]
async fn paths_are_decoded_once_and_may_end_in_a_slash() {
    let server = Server::start().await;
    for path in ["/%65cho", "/echo/", "/Stage/%65%63ho", "/Stage/echo/"] {
        assert_eq!(server.call(path, &json!({ "text": "a" })).await, (StatusCode::OK, json!("a")), "{path}");
    }
    for path in ["/%2565cho", "/Stage%2fecho", "/echo//", "//echo", "/Stage/../echo%00"] {
        assert_eq!(server.call(path, &json!({ "text": "a" })).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_get_with_a_body_and_a_head_are_answered() {
    let server = Server::start().await;
    let response = server.get("/livez").body("what is this for").send().await.unwrap();
    assert_eq!((response.status(), response.text().await.unwrap().as_str()), (StatusCode::OK, "ok\n"));
    let response = reqwest::Client::new().head(server.url("/livez")).send().await.unwrap();
    assert_eq!((response.status(), response.text().await.unwrap().as_str()), (StatusCode::OK, ""));
    let response = reqwest::Client::new().head(server.url("/echo")).send().await.unwrap();
    assert_eq!(
        (response.status(), response.headers()["allow"].as_bytes()),
        (StatusCode::METHOD_NOT_ALLOWED, &b"POST"[..])
    );
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
