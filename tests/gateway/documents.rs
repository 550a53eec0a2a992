//! What the gateway says of what it serves.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::server::Server;

async fn json(request: RequestBuilder) -> Value {
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn the_methods_of_the_entry_are_described_as_bentoml_does_it() {
    let server = Server::start().await;
    let schema = json(server.get("/schema.json")).await;
    assert_eq!(schema["name"], "Stage");
    let route = |name: &str| schema["routes"].as_array().unwrap().iter().find(|route| route["name"] == name).unwrap();
    let rows = route("rows");
    assert_eq!((&rows["route"], &rows["doc"]), (&json!("/rows"), &json!("Gives back rows of four.")));
    let tensor = &rows["input"]["properties"]["rows"];
    assert_eq!(
        (&tensor["type"], &tensor["dtype"], &tensor["shape"]),
        (&json!("tensor"), &json!("float32"), &json!([-1, 4]))
    );
    assert_eq!(route("nothing")["input"]["properties"], json!({}));
    assert_eq!(route("count")["output"]["is_stream"], true);
    assert_eq!(route("echo")["output"].get("is_stream"), None);
    assert_eq!((&route("echo")["is_task"], &route("echo")["batchable"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn each_service_has_a_schema_of_its_own() {
    let server = Server::start().await;
    let schema = json(server.get("/Front/schema.json")).await;
    assert_eq!((&schema["name"], &schema["routes"][0]["route"]), (&json!("Front"), &json!("/mistake")));
    assert_eq!(json(server.get("/Stage/schema.json")).await, json(server.get("/schema.json")).await);
    let missing = server.get("/Back/schema.json").send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(missing.text().await.unwrap().contains("no service is named Back"));
}

#[tokio::test]
async fn every_method_is_in_the_openapi_document() {
    let server = Server::start().await;
    let document = json(server.get("/docs.json")).await;
    assert_eq!((&document["openapi"], &document["info"]["title"]), (&json!("3.1.0"), &json!("Stage")));
    let echo = &document["paths"]["/echo"]["post"];
    assert_eq!((&echo["operationId"], &echo["tags"]), (&json!("Stage__echo"), &json!(["Stage"])));
    assert_eq!(echo["requestBody"]["content"]["application/json"]["example"], json!({ "text": "text" }));
    assert_eq!(document["paths"]["/Front/mistake"]["post"]["operationId"], "Front__mistake");
    assert_eq!(document["paths"].get("/Stage/echo"), None, "each method is there once");
    let stream = &document["paths"]["/count"]["post"]["responses"]["200"]["content"];
    assert!(stream.get("text/event-stream").is_some() && stream.get("application/x-ndjson").is_some(), "{stream}");
    for status in ["400", "413", "415", "429", "500", "503", "504"] {
        assert!(echo["responses"].get(status).is_some(), "{status}");
    }
}

#[tokio::test]
async fn a_client_that_has_a_document_is_not_sent_it_again() {
    let server = Server::start().await;
    let first = server.get("/docs.json").send().await.unwrap();
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(first.headers()["cache-control"], "no-cache");
    for held in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let again = server.get("/docs.json").header("if-none-match", &held).send().await.unwrap();
        assert_eq!(
            (again.status(), again.headers()["etag"].to_str().unwrap()),
            (StatusCode::NOT_MODIFIED, tag.as_str())
        );
        assert_eq!(again.bytes().await.unwrap().len(), 0);
    }
    let other = server.get("/docs.json").header("if-none-match", "\"other\"").send().await.unwrap();
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_browser_gets_a_page_and_a_command_line_a_list() {
    let server = Server::start().await;
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = server.get("/").header("accept", accept).send().await.unwrap();
    assert_eq!(
        (&page.headers()["content-type"], &page.headers()["vary"]),
        (&value("text/html; charset=utf-8"), &value("accept"))
    );
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let page = page.text().await.unwrap();
    for named in page.split('"').filter(|word| word.starts_with("api-page/")) {
        let file = server.get(&format!("/{named}")).send().await.unwrap();
        assert_eq!(file.status(), StatusCode::OK, "{named}");
        assert!(file.bytes().await.unwrap().len() > 100, "{named}");
    }
    let list = server.get("/").header("accept", "*/*").send().await.unwrap();
    assert_eq!(list.headers()["content-type"], "text/plain; charset=utf-8");
}

#[tokio::test]
async fn files_of_the_page_come_compressed_to_who_takes_that() {
    let server = Server::start().await;
    let path = "/api-page/swagger-ui.css";
    let compressed = server.get(path).header("accept-encoding", "br, gzip;q=0.5").send().await.unwrap();
    assert_eq!(
        (&compressed.headers()["content-encoding"], &compressed.headers()["vary"]),
        (&value("gzip"), &value("accept-encoding"))
    );
    let compressed = compressed.bytes().await.unwrap();
    for refusing in ["identity", "gzip;q=0"] {
        let plain = server.get(path).header("accept-encoding", refusing).send().await.unwrap();
        assert_eq!(plain.headers().get("content-encoding"), None, "{refusing}");
        let plain = plain.text().await.unwrap();
        assert!(plain.contains(".swagger-ui") && plain.len() > 2 * compressed.len(), "{refusing}");
    }
}

#[tokio::test]
async fn documents_answer_get_alone() {
    let server = Server::start().await;
    for path in ["/docs.json", "/schema.json", "/Stage/schema.json", "/api-page/start.js"] {
        let response = server.post(path).json(&json!({})).send().await.unwrap();
        assert_eq!(
            (response.status(), &response.headers()["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &value("GET, HEAD")),
            "{path}"
        );
    }
    assert_eq!(server.get("/api-page/nothing.js").send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

fn value(text: &'static str) -> reqwest::header::HeaderValue {
    reqwest::header::HeaderValue::from_static(text)
}
