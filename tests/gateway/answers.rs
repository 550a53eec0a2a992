//! What goes well.

use playhouse::Tensor;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn methods_answer_in_json() {
    let server = Server::start().await;
    let table = [
        ("/echo", json!({ "text": "a\n\"ü" }), json!("a\n\"ü")),
        ("/Stage/echo", json!({ "text": "" }), json!("")),
        ("/rows", json!({ "rows": [[1, 2, 3, 4.5]] }), json!([[1.0, 2.0, 3.0, 4.5]])),
        ("/nothing", json!({}), json!(null)),
    ];
    for (path, arguments, expected) in table {
        assert_eq!(server.call(path, &arguments).await, (StatusCode::OK, expected), "{path}");
    }
}

#[tokio::test]
async fn a_method_without_arguments_needs_no_body_and_json_is_what_is_meant_without_a_type() {
    let server = Server::start().await;
    let response = server.post("/nothing").send().await.unwrap();
    assert_eq!(
        (response.status(), response.headers()["content-type"].as_bytes()),
        (StatusCode::OK, &b"application/json"[..])
    );
    let response = server.post("/echo").body(r#"{"text": "plain"}"#).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "plain");
}

#[tokio::test]
async fn message_pack_is_answered_in_kind() {
    #[derive(Serialize)]
    struct Rows {
        rows: Tensor,
    }
    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(transparent)]
    struct Answer(Tensor);

    let server = Server::start().await;
    let rows = Tensor::from_rows(&[[1.0f32, 2.0, 3.0, 4.0]]);
    let body = rmp_serde::to_vec_named(&Rows { rows: rows.clone() }).unwrap();
    let request = server.post("/rows").header("content-type", "application/msgpack").body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/msgpack");
    let answer: Answer = rmp_serde::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(answer, Answer(rows));
}

#[tokio::test]
async fn probes_and_the_list_answer_get() {
    let server = Server::start().await;
    for (path, expected) in [("/livez", "ok\n"), ("/readyz", "ok\n")] {
        let response = server.get(path).send().await.unwrap();
        assert_eq!((response.status(), response.text().await.unwrap().as_str()), (StatusCode::OK, expected), "{path}");
    }
    let health: serde_json::Value = server.get("/healthz").send().await.unwrap().json().await.unwrap();
    assert_eq!((&health["phase"], health["groups"].as_array().unwrap().len()), (&json!("up"), 5));
    let list = server.get("/").send().await.unwrap().text().await.unwrap();
    assert!(list.contains("POST /echo ") && list.contains("POST /Front/mistake "), "{list}");
}

#[tokio::test]
async fn services_that_are_spawned_later_are_found() {
    use crate::stage::{Narrow, Stage};
    let node = playhouse::Node::builder().service::<Stage>().gateway(crate::server::any_port());
    let server = Server::of(node).await;
    assert_eq!(server.call("/Narrow/meet", &json!({})).await.0, StatusCode::NOT_FOUND);
    let replica = server.node.spawn::<Narrow>(&playhouse::Settings::default()).await.unwrap();
    assert_eq!(server.call("/Narrow/meet", &json!({})).await.0, StatusCode::BAD_REQUEST);
    assert!(server.node.stop(&replica).await);
    assert_eq!(server.call("/Narrow/meet", &json!({ "port": 1 })).await.0, StatusCode::SERVICE_UNAVAILABLE);
}
