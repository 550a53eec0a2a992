//! The routes of tasks: paths, verbs and answers as BentoML's client knows them.

use std::num::NonZeroUsize;

use playhouse::{Node, TaskConfig};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::jobs::{Jobs, Mill};
use crate::page::Page;
use crate::server::{Server, answer, any_port};

/// `Jobs` is the entry.
async fn start_with(tasks: TaskConfig) -> Server {
    let services = Node::builder().service::<Mill>().service::<Jobs>().threads(NonZeroUsize::new(2).unwrap());
    Server::of(services.gateway(any_port()).tasks(tasks)).await
}

async fn start() -> Server {
    start_with(TaskConfig::default().in_memory()).await
}

impl Server {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        reqwest::Client::new().request(method, self.url(path))
    }

    async fn submit(&self, method: &str, arguments: &Value) -> String {
        let (status, answer) = self.call(&format!("{method}/submit"), arguments).await;
        assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("in_progress")), "{answer}");
        let id = answer["task_id"].as_str().unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        id.to_owned()
    }

    async fn status(&self, method: &str, id: &str) -> Value {
        let (status, answer) = answer(self.get(&format!("{method}/status?task_id={id}"))).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Waits until a task has ended; the answer about it.
    async fn ended(&self, method: &str, id: &str) -> Value {
        loop {
            let status = self.status(method, id).await;
            if !["pending", "in_progress"].contains(&status["status"].as_str().unwrap()) {
                return status;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn result(&self, method: &str, id: &str) -> (StatusCode, Value) {
        answer(self.get(&format!("{method}/get?task_id={id}"))).await
    }

    async fn cancel(&self, method: &str, id: &str) -> (StatusCode, Value) {
        answer(self.request(Method::PUT, &format!("{method}/cancel?task_id={id}"))).await
    }
}

/// A listener that runs connect to, and its port.
async fn meeting() -> (TcpListener, Value) {
    let meeting = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let arguments = json!({ "port": meeting.local_addr().unwrap().port() });
    (meeting, arguments)
}

async fn met(meeting: &TcpListener) -> TcpStream {
    meeting.accept().await.unwrap().0
}

#[tokio::test]
async fn a_task_is_submitted_watched_and_fetched() {
    let server = start().await;
    let (meeting, arguments) = meeting().await;
    for method in ["/few", "/Jobs/few"] {
        let id = server.submit(method, &arguments).await;
        let mut met = met(&meeting).await;
        let status = server.status(method, &id).await;
        assert_eq!((&status["task_id"], &status["status"]), (&json!(id), &json!("in_progress")));
        let is_moment = |value: &Value| value.as_str().is_some_and(|text| text.len() == "2026-11-23T04:46:37".len());
        assert!(is_moment(&status["created_at"]) && is_moment(&status["executed_at"]), "{status}");
        assert_eq!(status["finished_at"], Value::Null);
        let early = server.result(method, &id).await;
        assert_eq!(
            (early.0, &early.1["error"]),
            (StatusCode::BAD_REQUEST, &json!(format!("task {id} is not completed yet")))
        );
        met.write_all(b"done\n").await.unwrap();
        let ended = server.ended(method, &id).await;
        assert!(ended["status"] == "completed" && is_moment(&ended["finished_at"]), "{ended}");
        assert_eq!(server.result(method, &id).await, (StatusCode::OK, json!("done")));
        assert_eq!(server.result(method, &id).await.0, StatusCode::OK, "as often as one likes");
        let counted = Page::of(&server)
            .await
            .value(&format!("playhouse_http_requests_total{{route=\"{method}/get\",code=\"200\"}}"));
        assert_eq!(counted, Some(2.0));
    }
    let (status, plain) = server.call("/echo", &json!({ "text": "at once" })).await;
    assert_eq!((status, plain), (StatusCode::OK, json!("at once")), "a task is a method like any other");
}

#[tokio::test]
async fn the_result_comes_in_the_format_of_a_plain_call() {
    let server = start().await;
    let arguments = rmp_serde::to_vec_named(&json!({ "text": "packed" })).unwrap();
    let request = server.post("/echo/submit").header("content-type", "application/msgpack").body(arguments.clone());
    let id = answer(request).await.1["task_id"].as_str().unwrap().to_owned();
    server.ended("/echo", &id).await;
    let kept = server.get(&format!("/echo/get?task_id={id}")).send().await.unwrap();
    let plain =
        server.post("/echo").header("content-type", "application/msgpack").body(arguments).send().await.unwrap();
    assert_eq!(kept.headers()["content-type"], plain.headers()["content-type"]);
    assert_eq!(kept.bytes().await.unwrap(), plain.bytes().await.unwrap());
}

#[tokio::test]
async fn a_task_that_fails_gives_its_error_as_a_plain_call_does() {
    let server = start().await;
    let id = server.submit("/fail", &json!({})).await;
    assert_eq!(server.ended("/fail", &id).await["status"], "failed");
    assert_eq!(server.result("/fail", &id).await, server.call("/fail", &json!({})).await);
    let (_meeting, arguments) = meeting().await;
    let late = server.submit("/hasty", &arguments).await;
    assert_eq!(server.ended("/hasty", &late).await["status"], "failed");
    let (status, error) = server.result("/hasty", &late).await;
    assert_eq!((status, &error["kind"]), (StatusCode::GATEWAY_TIMEOUT, &json!("deadline_exceeded")));
}

#[tokio::test]
async fn what_the_method_would_not_take_is_not_taken() {
    let server = start().await;
    let (status, error) = server.call("/few/submit", &json!({ "port": "none" })).await;
    assert_eq!((status, &error["field"]), (StatusCode::BAD_REQUEST, &json!("port")));
    let request = server.post("/few/submit").header("content-type", "text/csv").body("1");
    assert_eq!(answer(request).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_retry_is_a_task_of_its_own_with_the_same_input() {
    let server = start().await;
    let (meeting, arguments) = meeting().await;
    let first = server.submit("/few", &arguments).await;
    let mut running = met(&meeting).await;
    let retry = |id: &str| answer(server.post(&format!("/few/retry?task_id={id}")));
    let (status, error) = retry(&first).await;
    assert_eq!(
        (status, &error["error"]),
        (StatusCode::BAD_REQUEST, &json!(format!("task {first} is not completed yet")))
    );
    running.write_all(b"one\n").await.unwrap();
    server.ended("/few", &first).await;
    let (status, accepted) = retry(&first).await;
    assert_eq!((status, &accepted["status"]), (StatusCode::OK, &json!("in_progress")));
    let second = accepted["task_id"].as_str().unwrap();
    met(&meeting).await.write_all(b"two\n").await.unwrap();
    server.ended("/few", second).await;
    assert_eq!(server.result("/few", second).await.1, "two");
    assert_eq!(server.result("/few", &first).await.1, "one");
}

#[tokio::test]
async fn a_canceled_task_does_not_run_or_does_not_run_on() {
    let server = start().await;
    let (meeting, arguments) = meeting().await;
    let runs = server.submit("/few", &arguments).await;
    let mut running = met(&meeting).await;
    let waits = server.submit("/few", &arguments).await;
    assert_eq!(server.status("/few", &waits).await["status"], "pending");
    for id in [&waits, &runs] {
        assert_eq!(server.cancel("/few", id).await, (StatusCode::OK, json!({ "task_id": id, "status": "canceled" })));
        assert_eq!(server.status("/few", id).await["status"], "canceled");
        assert_eq!(server.result("/few", id).await.0, StatusCode::BAD_REQUEST);
        let (status, error) = server.cancel("/few", id).await;
        assert_eq!((status, &error["kind"]), (StatusCode::BAD_REQUEST, &json!("has_ended")));
    }
    assert_eq!(running.read(&mut [0]).await.unwrap(), 0, "dropped where it awaited");
    // There is room for others, and it is they who run.
    let other = server.submit("/few", &arguments).await;
    met(&meeting).await.write_all(b"the other\n").await.unwrap();
    server.ended("/few", &other).await;
    assert_eq!(server.result("/few", &other).await.1, "the other");
}

#[tokio::test]
async fn a_computation_that_has_begun_keeps_its_worker_until_it_ends() {
    let server = start().await;
    let (meeting, arguments) = meeting().await;
    let first = server.submit("/Mill/grind", &arguments).await;
    let mut computing = met(&meeting).await;
    assert_eq!(server.cancel("/Mill/grind", &first).await.0, StatusCode::OK);
    let second = server.submit("/Mill/grind", &arguments).await;
    assert_eq!(server.status("/Mill/grind", &first).await["status"], "canceled");
    computing.write_all(b"into the void\n").await.unwrap();
    met(&meeting).await.write_all(b"heard\n").await.unwrap();
    server.ended("/Mill/grind", &second).await;
    assert_eq!(server.result("/Mill/grind", &second).await.1, "heard");
    assert_eq!(server.status("/Mill/grind", &first).await["status"], "canceled");
}

#[tokio::test]
async fn more_than_may_wait_is_refused_with_a_hint() {
    let server = start().await;
    let (meeting, arguments) = meeting().await;
    for _ in 0..2 {
        server.submit("/few", &arguments).await;
    }
    let refused = server.post("/few/submit").json(&arguments).send().await.unwrap();
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"1".parse().unwrap())
    );
    let error: Value = refused.json().await.unwrap();
    assert!(error["error"].as_str().unwrap().contains("2 tasks of Jobs.few wait or run"), "{error}");
    drop(met(&meeting).await);
}

#[tokio::test]
async fn a_full_store_is_said_to_be() {
    let server = start_with(TaskConfig::default().in_memory().max_bytes(40).max_result(10)).await;
    let text = "x".repeat(12);
    let large = server.submit("/echo", &json!({ "text": text })).await;
    assert_eq!(server.ended("/echo", &large).await["status"], "failed");
    let (status, error) = server.result("/echo", &large).await;
    assert_eq!((status, &error["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("result_too_large")));
    let (status, error) = server.call("/echo/submit", &json!({ "text": text })).await;
    assert_eq!((status, &error["kind"]), (StatusCode::INSUFFICIENT_STORAGE, &json!("store_full")), "{error}");
}

#[tokio::test]
async fn everything_that_can_be_asked_of_tasks_is_described() {
    let server = start().await;
    let (_, schema) = answer(server.get("/schema.json")).await;
    let few = schema["routes"].as_array().unwrap().iter().find(|route| route["name"] == "few").unwrap();
    assert_eq!((&few["route"], &few["is_task"], &few["batchable"]), (&json!("/few"), &json!(true), &json!(false)));
    let (_, document) = answer(server.get("/docs.json")).await;
    let list = server.get("/").send().await.unwrap().text().await.unwrap();
    for (action, verb) in [("submit", "post"), ("status", "get"), ("get", "get"), ("retry", "post"), ("cancel", "put")]
    {
        for (path, name) in [("/few", "Jobs__few"), ("/Mill/grind", "Mill__grind")] {
            let path = format!("{path}/{action}");
            let operation = &document["paths"][&path][verb];
            assert_eq!(operation["operationId"], format!("{name}__{action}"), "{document}");
            let listed = format!("  {:<4} {path}", verb.to_uppercase());
            assert!(list.lines().any(|line| line.starts_with(&listed)), "{listed}: {list}");
        }
    }
}

#[tokio::test]
async fn wrong_verbs_ids_and_paths_are_told_apart() {
    let server = start().await;
    let id = server.submit("/echo", &json!({ "text": "" })).await;
    server.ended("/echo", &id).await;
    let table = [
        (Method::GET, "/echo/submit", 405, "POST"),
        (Method::PUT, "/echo/submit", 405, "POST"),
        (Method::POST, "/echo/status?task_id=ID", 405, "GET, HEAD"),
        (Method::DELETE, "/echo/get?task_id=ID", 405, "GET, HEAD"),
        (Method::PUT, "/echo/retry?task_id=ID", 405, "POST"),
        (Method::GET, "/echo/retry?task_id=ID", 405, "POST"),
        (Method::POST, "/echo/cancel?task_id=ID", 405, "PUT"),
        (Method::GET, "/echo", 405, "POST"),
        (Method::GET, "/echo/status", 400, ""),
        (Method::GET, "/echo/get?task_id=", 400, ""),
        (Method::POST, "/echo/retry?id=ID", 400, ""),
        (Method::PUT, "/echo/cancel", 400, ""),
        (Method::GET, "/echo/get?task_id=nonsense", 404, ""),
        (Method::GET, "/echo/status?task_id=0123456789abcdef0123456789abcdef", 404, ""),
        (Method::POST, "/echo/retry?task_id=0123456789abcdef0123456789abcdef", 404, ""),
        (Method::PUT, "/echo/cancel?task_id=0123456789abcdef0123456789abcdef", 404, ""),
        (Method::GET, "/few/status?task_id=ID", 404, ""),
        (Method::GET, "/nothing/status?task_id=ID", 404, ""),
        (Method::GET, "/echo/status?other=1&task_id=ID", 200, ""),
        (Method::GET, "/Jobs/echo/status/?task_id=ID", 200, ""),
    ];
    for (method, path, expected, allowed) in table {
        let answer = server.request(method.clone(), &path.replace("ID", &id)).send().await.unwrap();
        let allow = answer.headers().get("allow").map(|allow| allow.to_str().unwrap().to_owned());
        assert_eq!(
            (answer.status().as_u16(), allow.unwrap_or_default().as_str()),
            (expected, allowed),
            "{method} {path}"
        );
    }
}
