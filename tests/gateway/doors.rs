//! Who comes in: tokens, pages of other origins, hooks.

use playhouse::http::{self, HttpRequest};
use playhouse::{Cors, GatewayConfig, Tokens};
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::meeting::Meeting;
use crate::server::{Server, answer, any_port, services};

const HERE: &str = "https://app.example";

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn guarded() -> GatewayConfig {
    any_port().tokens(Tokens::new(["first-token", "second-token"]).unwrap())
}

#[tokio::test]
async fn only_who_has_a_token_may_call() {
    let server = Server::with(guarded()).await;
    for token in ["first-token", "second-token"] {
        let (status, _) = answer(server.post("/nothing").bearer_auth(token)).await;
        assert_eq!(status, StatusCode::OK);
    }
    for request in [server.post("/nothing"), server.post("/nothing").bearer_auth("third"), server.get("/nowhere")] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(header(&response, "www-authenticate").starts_with("Bearer realm="));
        let problem: serde_json::Value = response.json().await.unwrap();
        assert_eq!(problem["kind"], "unauthorized", "{problem}");
        assert!(!problem.to_string().contains("first-token"));
    }
    for path in ["/metrics", "/schema.json", "/Stage/schema.json", "/%64ocs.json"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["/livez", "/readyz", "/healthz"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
}

/// A browser sends no token when somebody opens a page: it is on the page that one is given.
#[tokio::test]
async fn what_could_be_called_is_shown_to_all_unless_it_is_private() {
    let shown = ["/", "/docs.json", "/api-page/start.js"];
    let server = Server::with(guarded().open("/metrics")).await;
    for path in shown {
        assert_eq!(server.get(path).send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
    assert_eq!(server.call("/", &json!([1])).await.0, StatusCode::UNAUTHORIZED, "that is a method");
    let document: serde_json::Value = server.get("/docs.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    let paths = &document["paths"];
    for secured in [&paths["/echo"]["post"], &paths["/"]["post"], &paths["/schema.json"]["get"]] {
        assert_eq!(secured["security"], json!([{ "bearer": [] }]), "{secured}");
        assert!(secured["responses"].get("401").is_some(), "{secured}");
    }
    for open in ["/livez", "/docs.json", "/metrics"] {
        assert_eq!(paths[open]["get"].get("security"), None, "{open}");
    }
    let server = Server::with(guarded().private_docs(true)).await;
    for path in shown {
        assert_eq!(server.get(path).send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{path}");
        let with_token = server.get(path).bearer_auth("first-token").send().await.unwrap();
        assert_eq!(with_token.status(), StatusCode::OK, "{path}");
    }
    let server = Server::start().await;
    let document: serde_json::Value = server.get("/docs.json").send().await.unwrap().json().await.unwrap();
    assert_eq!(document["components"].get("securitySchemes"), None, "nobody asks for a token here");
}

#[tokio::test]
async fn a_file_of_tokens_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    std::fs::write(&path, "old\n").unwrap();
    let server = Server::with(any_port().tokens(Tokens::from_file(&path).unwrap())).await;
    let call = async |token: &str| server.post("/nothing").bearer_auth(token).send().await.unwrap().status();
    assert_eq!(call("old").await, StatusCode::OK);
    std::fs::write(&path, "newer\n").unwrap();
    // Looked at once a second; the test's own limit ends it otherwise.
    while call("newer").await != StatusCode::OK {
        tokio::task::yield_now().await;
    }
    assert_eq!(call("old").await, StatusCode::UNAUTHORIZED);
}

/// Nobody without a token makes the server read what it sends.
#[tokio::test]
async fn the_body_of_a_stranger_is_not_read() {
    let server = Server::with(guarded()).await;
    let told = server.raw(b"POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 1000000\r\n\r\n{").await;
    assert!(told.starts_with("HTTP/1.1 401 ") && told.contains("connection: close"), "{told}");
}

#[tokio::test]
async fn a_browser_is_told_what_pages_may_do() {
    let server = Server::with(guarded().cors(Cors::origins([HERE]).credentials())).await;
    let ask = |origin: &str, method: &str| {
        let client = reqwest::Client::new();
        let question = client.request(Method::OPTIONS, server.url("/echo")).header("origin", origin);
        question
            .header("access-control-request-method", method.to_owned())
            .header("access-control-request-headers", "authorization,content-type")
    };
    let allowed = ask(HERE, "POST").send().await.unwrap();
    assert_eq!(allowed.status(), StatusCode::NO_CONTENT, "without a token: browsers send none here");
    let told = [
        ("access-control-allow-origin", HERE),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-headers", "authorization,content-type"),
        ("access-control-allow-methods", "GET, HEAD, POST, PUT, DELETE"),
        ("access-control-max-age", "7200"),
    ];
    for (name, expected) in told {
        assert_eq!(header(&allowed, name), expected);
    }
    for question in [ask("https://other.example", "POST"), ask(HERE, "PATCH")] {
        assert_eq!(question.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    }
    let strange = ask("https://other.example", "POST").send().await.unwrap();
    assert_eq!(header(&strange, "access-control-allow-origin"), "");
}

/// A page that cannot read an error cannot tell what went wrong.
#[tokio::test]
async fn errors_can_be_read_by_pages_too() {
    let server = Server::with(guarded().cors(Cors::any())).await;
    let page = |path: &str| server.post(path).header("origin", HERE).bearer_auth("first-token");
    let (holding, late) = (Meeting::new().await, Meeting::new().await);
    let held = tokio::spawn(page("/Narrow/meet").json(&holding.arguments()).send());
    let met = holding.met().await;
    let requests = [
        (page("/echo").json(&json!({ "text": "a" })), StatusCode::OK),
        (page("/Narrow/meet").json(&late.arguments()), StatusCode::TOO_MANY_REQUESTS),
        (page("/Hasty/meet").json(&late.arguments()), StatusCode::GATEWAY_TIMEOUT),
        (page("/echo").body("{"), StatusCode::BAD_REQUEST),
        (page("/nowhere"), StatusCode::NOT_FOUND),
        (server.post("/echo").header("origin", HERE), StatusCode::UNAUTHORIZED),
    ];
    for (request, status) in requests {
        let response = request.send().await.unwrap();
        assert_eq!((response.status(), header(&response, "access-control-allow-origin")), (status, "*"));
        assert_eq!(header(&response, "access-control-expose-headers"), "x-request-id");
    }
    met.let_go("done").await;
    assert_eq!(held.await.unwrap().unwrap().status(), StatusCode::OK);
    let own = server.post("/nothing").bearer_auth("first-token").send().await.unwrap();
    assert_eq!(header(&own, "access-control-allow-origin"), "", "nobody asked");
}

#[tokio::test]
async fn a_hook_has_the_last_word() {
    fn hook(request: &HttpRequest) -> Result<(), http::Error> {
        match request.headers().get("x-tenant") {
            Some(_) => Ok(()),
            None => Err(http::Error::new(403, "no_tenant", "say for whom, by x-tenant")),
        }
    }
    let server = Server::with(any_port().before(hook)).await;
    let expected = json!({ "error": "say for whom, by x-tenant", "kind": "no_tenant" });
    assert_eq!(server.call("/nothing", &json!({})).await, (StatusCode::FORBIDDEN, expected));
    assert_eq!(answer(server.post("/nothing").header("x-tenant", "a")).await.0, StatusCode::OK);
    assert_eq!(server.get("/livez").send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn settings_that_do_not_fit_together_are_told() {
    let node = services().gateway(any_port().cors(Cors::any().credentials()));
    let error = node.start().await.err().map(|error| error.to_string());
    assert!(error.as_deref().is_some_and(|error| error.contains("named origins")), "{error:?}");
}
