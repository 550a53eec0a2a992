//! The forms that arguments and results have: JSON, MessagePack, raw tensors, texts, files.

use playhouse::Tensor;
use reqwest::{RequestBuilder, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::server::{Server, answer};

const OCTETS: &str = "application/octet-stream";

/// The status, some headers and the body.
async fn told(request: RequestBuilder, headers: &[&str]) -> (u16, Vec<String>, Vec<u8>) {
    let response = request.send().await.unwrap();
    let value = |name: &&str| response.headers().get(*name).map(|value| value.to_str().unwrap().to_owned());
    let values = headers.iter().map(|name| value(name).unwrap_or_default()).collect();
    (response.status().as_u16(), values, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn a_raw_tensor_comes_back_as_one() {
    let server = Server::start().await;
    // Longer than any piece in which a body arrives, and so short that it is one.
    for rows in [1, 100_000] {
        let bytes: Vec<u8> = (0..rows * 4).flat_map(|number| (number as f32).to_le_bytes()).collect();
        let shape = format!("{rows}, 4");
        let request = server.post("/rows").header("content-type", OCTETS).body(bytes.clone());
        let request = request.header("x-tensor-dtype", "f32").header("x-tensor-shape", shape);
        let headers = ["content-type", "x-tensor-dtype", "x-tensor-shape"];
        let (status, values, body) = told(request, &headers).await;
        assert_eq!((status, values), (200, vec![OCTETS.into(), "f32".into(), format!("{rows},4")]));
        assert!(body == bytes, "{rows}");
    }
}

#[tokio::test]
async fn a_tensor_is_answered_as_its_client_accepts_it() {
    let server = Server::start().await;
    let arguments = json!({ "rows": [[1, 2, 3, 4]] });
    let rows = Tensor::from_rows(&[[1.0f32, 2.0, 3.0, 4.0]]);
    let table = [
        ("*/*", "application/json", serde_json::to_vec(&rows).unwrap()),
        ("application/octet-stream", OCTETS, rows.bytes().to_vec()),
        ("application/x-msgpack", "application/msgpack", rmp_serde::to_vec_named(&rows).unwrap()),
        (
            "application/msgpack;q=0.5, application/json;q=0.4",
            "application/msgpack",
            rmp_serde::to_vec_named(&rows).unwrap(),
        ),
    ];
    for (accept, content_type, expected) in table {
        let request = server.post("/rows").header("accept", accept).json(&arguments);
        let (status, values, body) = told(request, &["content-type"]).await;
        assert_eq!((status, &*values[0], body), (200, content_type, expected), "{accept}");
    }
    let (status, problem) = answer(server.post("/rows").header("accept", "image/png").json(&arguments)).await;
    assert_eq!(status, StatusCode::NOT_ACCEPTABLE);
    let told = problem["error"].as_str().unwrap();
    assert!(told.ends_with("application/json, application/msgpack, application/octet-stream"), "{told}");
}

#[tokio::test]
async fn message_pack_goes_by_its_three_names() {
    #[derive(Serialize)]
    struct Arguments {
        text: &'static str,
    }
    let server = Server::start().await;
    let body = rmp_serde::to_vec_named(&Arguments { text: "a" }).unwrap();
    for name in ["application/msgpack", "application/vnd.msgpack", "application/x-msgpack"] {
        let request = server.post("/echo").header("content-type", name).body(body.clone());
        let (status, values, body) = told(request, &["content-type"]).await;
        assert_eq!((status, &*values[0], &body[..]), (200, "application/msgpack", &b"\xa1a"[..]), "{name}");
    }
}

#[tokio::test]
async fn a_text_is_answered_as_a_text() {
    let server = Server::start().await;
    let table = [
        ("*/*", "text/plain; charset=utf-8", "a\n\"ü"),
        ("text/html, */*;q=0.8", "text/plain; charset=utf-8", "a\n\"ü"),
        ("application/json", "application/json", r#""a\n\"ü""#),
        ("application/json, text/plain, */*", "application/json", r#""a\n\"ü""#),
    ];
    for (accept, content_type, expected) in table {
        let request = server.post("/echo").header("accept", accept).json(&json!({ "text": "a\n\"ü" }));
        let (status, values, body) = told(request, &["content-type"]).await;
        assert_eq!(
            (status, &*values[0], &*String::from_utf8(body).unwrap()),
            (200, content_type, expected),
            "{accept}"
        );
    }
}

#[tokio::test]
async fn a_root_argument_is_the_body() {
    let server = Server::start().await;
    let table = [
        ("/v1/text", "text/plain", &b"as it \"is\""[..], &b"as it \"is\""[..]),
        ("/Stage/v1/text", "text/plain; charset=utf-8", b"a", b"a"),
        ("/Stage/root_text", "application/json", b"\"in JSON\"", b"in JSON"),
        ("/root_file", "image/png", b"\x89PNG\xff", b"\x89PNG\xff"),
        ("/root_file", "application/json", b"not JSON", b"not JSON"),
        ("/bytes", "application/octet-stream", b"\x00\xff", b"\x00\xff"),
        ("/bytes", "image/png", b"\x00\xff", b"\x00\xff"),
        ("/", "application/json", b"[1, 2, 3.5]", b"6.5"),
        ("/Stage", "application/json", b"[1, 2, 3.5]", b"6.5"),
    ];
    let mut wrong = Vec::new();
    for (path, content_type, body, expected) in table {
        let request = server.post(path).header("content-type", content_type).body(body);
        let (status, _, body) = told(request, &[]).await;
        if (status, &body[..]) != (200, expected) {
            wrong.push(format!("{path} {content_type}: {status} {}", String::from_utf8_lossy(&body)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_file_keeps_its_name_and_type() {
    let server = Server::start().await;
    let headers = ["content-type", "content-disposition"];
    let image = json!({ "image": { "name": "cät.png", "content_type": "image/png", "data": "bWVvdw==" } });
    let (status, values, body) = told(server.post("/file").json(&image), &headers).await;
    let disposition = "attachment; filename=\"c_t.png\"; filename*=UTF-8''c%C3%A4t%2Epng";
    assert_eq!((status, values, body), (200, vec!["image/png".into(), disposition.into()], b"meow".to_vec()));
    let (_, values, body) = told(server.post("/file").json(&json!({ "image": "bWVvdw==" })), &headers).await;
    assert_eq!((values, body), (vec![OCTETS.into(), String::new()], b"meow".to_vec()));
    let request = server.post("/file").header("accept", "application/json").json(&image);
    assert_eq!(answer(request).await, (StatusCode::OK, image["image"].clone()));
}
