//! Compressed bodies, in and out.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use reqwest::StatusCode;
use serde_json::json;

use crate::server::{Server, answer, any_port};

fn compressed(encoding: &str, data: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap()
        }
        _ => zstd::encode_all(data, 1).unwrap(),
    }
}

fn decompressed(encoding: &str, data: &[u8]) -> String {
    let mut text = String::new();
    let read = match encoding {
        "gzip" => GzDecoder::new(data).read_to_string(&mut text),
        "deflate" => ZlibDecoder::new(data).read_to_string(&mut text),
        _ => zstd::Decoder::new(data).unwrap().read_to_string(&mut text),
    };
    read.unwrap();
    text
}

#[tokio::test]
async fn a_compressed_body_is_read() {
    let server = Server::start().await;
    let text = "many words ".repeat(50_000);
    let body = json!({ "text": text }).to_string();
    for encoding in ["gzip", "deflate", "zstd"] {
        let request =
            server.post("/echo").header("content-encoding", encoding).body(compressed(encoding, body.as_bytes()));
        assert_eq!(answer(request).await, (StatusCode::OK, json!(text)), "{encoding}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_told() {
    let server = Server::with(any_port().max_body(1 << 20)).await;
    let bomb = compressed("gzip", &vec![b' '; 8 << 20]);
    let good = compressed("gzip", br#"{"text": "a"}"#);
    let table = [
        ("gzip", br#"{"text": "a"}"#.to_vec(), 400, "is not the gzip that its content-encoding says"),
        ("gzip", good[..good.len() - 2].to_vec(), 400, "it is cut short"),
        ("gzip", bomb, 413, "larger than 1048576 bytes"),
        ("br", good.clone(), 415, "expected gzip, deflate, zstd"),
        ("gzip, gzip", good, 415, "expected gzip, deflate, zstd"),
    ];
    for (encoding, body, expected, words) in table {
        let response = server.post("/echo").header("content-encoding", encoding).body(body).send().await.unwrap();
        let understood = response.headers().get("accept-encoding").map(|value| value.to_str().unwrap().to_owned());
        let (status, problem) = (response.status().as_u16(), response.text().await.unwrap());
        assert_eq!(status, expected, "{problem}");
        assert!(problem.contains(words), "{problem}");
        assert_eq!(understood.is_some(), status == 415, "{encoding}");
    }
    assert_eq!(server.call("/nothing", &json!({})).await.0, StatusCode::OK, "it goes on");
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_who_can_read_it() {
    let server = Server::start().await;
    // One that the arbiter compresses, and one that it does not.
    for length in [5_000, 200_000] {
        let text = "ab".repeat(length / 2);
        let table = [("gzip, deflate", "gzip"), ("deflate", "deflate"), ("gzip, deflate, br, zstd", "zstd")];
        for (accepted, encoding) in table {
            let request = server.post("/echo").header("accept-encoding", accepted).json(&json!({ "text": text }));
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["content-encoding"], encoding);
            assert_eq!(response.headers()["vary"], "accept-encoding");
            let body = response.bytes().await.unwrap();
            assert!(body.len() < length / 10, "{} bytes of {encoding}", body.len());
            assert_eq!(decompressed(encoding, &body), text);
        }
    }
}

#[tokio::test]
async fn what_is_short_or_raw_or_a_stream_is_not_compressed() {
    let server = Server::start().await;
    let long = vec![0_u8; 100_000];
    let table = [
        server.post("/echo").json(&json!({ "text": "a".repeat(4000) })),
        server.post("/bytes").header("content-type", "application/octet-stream").body(long),
        server.post("/rows").header("accept", "application/octet-stream").json(&json!({ "rows": vec![[0; 4]; 1000] })),
        server.post("/count").json(&json!({ "to": 1000 })),
    ];
    for request in table {
        let response = request.header("accept-encoding", "gzip, zstd").send().await.unwrap();
        assert_eq!((response.status(), response.headers().get("content-encoding")), (StatusCode::OK, None));
    }
    let text = "a".repeat(5000);
    let response = server.post("/echo").json(&json!({ "text": text })).send().await.unwrap();
    assert_eq!(response.headers()["vary"], "accept-encoding");
    assert_eq!(response.text().await.unwrap(), text);
}
