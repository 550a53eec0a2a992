//! Own paths beside those of the services.

use playhouse::http::{self, HttpRequest, HttpResponse, middleware, web};
use playhouse::{Cors, Error, GatewayConfig, Node, Tokens};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::{Server, answer, any_port, services};
use crate::stage::{HastyClient, Stage, StageClient};

async fn page(stage: http::Client<StageClient>, text: web::Path<String>) -> Result<String, http::Error> {
    Ok(format!("<p>{}</p>", stage.echo(text.into_inner()).await?))
}

async fn fail(stage: http::Client<StageClient>) -> Result<HttpResponse, http::Error> {
    stage.fail().await?;
    Ok(HttpResponse::Ok().finish())
}

async fn stranger(_: http::Client<HastyClient>) -> HttpResponse {
    HttpResponse::Ok().finish()
}

fn routes(routes: &mut web::ServiceConfig) {
    let closed = middleware::from_fn(|request: http::dev::ServiceRequest, next: middleware::Next<_>| async move {
        if request.headers().contains_key("x-open") {
            next.call(request).await
        } else {
            Err(http::Error::new(403, "closed", "closed").into())
        }
    });
    routes
        .route("/echo/{text}", web::get().to(page))
        .route("/fail", web::get().to(fail))
        .route("/stranger", web::get().to(stranger))
        .service(web::scope("/inner").wrap(closed).route("", web::get().to(|| async { "inside" })));
}

fn with_pages() -> GatewayConfig {
    any_port().routes("/pages", routes)
}

#[tokio::test]
async fn handlers_call_services() {
    let server = Server::with(with_pages()).await;
    let get = async |path: &str| {
        let response = server.get(path).send().await.unwrap();
        assert_eq!(response.headers()["x-request-id"].len(), 16, "{path}");
        (response.status(), response.text().await.unwrap())
    };
    assert_eq!(get("/pages/echo/hello").await, (StatusCode::OK, "<p>hello</p>".into()));
    let (status, problem) = get("/pages/fail").await;
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!((status, &problem["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("no_such_species")));
    let (status, problem) = get("/pages/nowhere").await;
    assert!(status == StatusCode::NOT_FOUND && problem.contains("nothing answers at /pages/nowhere"), "{problem}");
    assert_eq!(server.call("/echo", &json!({ "text": "a" })).await, (StatusCode::OK, json!("a")));
    assert_eq!(get("/livez").await.0, StatusCode::OK);
}

#[tokio::test]
async fn middleware_goes_on_a_scope_and_its_errors_are_completed() {
    let server = Server::with(with_pages().cors(Cors::any())).await;
    let open = server.get("/pages/inner").header("x-open", "1").send().await.unwrap();
    assert_eq!(open.text().await.unwrap(), "inside");
    let closed = server.get("/pages/inner").header("origin", "https://a").send().await.unwrap();
    assert_eq!(
        (closed.status(), closed.headers()["access-control-allow-origin"].as_bytes()),
        (StatusCode::FORBIDDEN, &b"*"[..])
    );
    assert_eq!(closed.json::<Value>().await.unwrap()["kind"], "closed");
}

#[tokio::test]
async fn what_holds_for_calls_holds_for_own_paths() {
    let server = Server::with(with_pages().tokens(Tokens::new(["token"]).unwrap()).open("/pages/fail")).await;
    assert_eq!(answer(server.get("/pages/echo/a")).await.0, StatusCode::UNAUTHORIZED);
    let known = server.get("/pages/echo/a").bearer_auth("token").send().await.unwrap();
    assert_eq!(known.status(), StatusCode::OK);
    assert_eq!(answer(server.get("/pages/fail")).await.0, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_503() {
    let node = Node::builder().service::<Stage>().gateway(with_pages());
    let server = Server::of(node).await;
    let (status, problem) = answer(server.get("/pages/stranger")).await;
    assert_eq!((status, &problem["kind"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable")), "{problem}");
}

#[tokio::test]
async fn a_prefix_that_is_taken_is_an_error_at_the_start() {
    let nothing = |_: &mut web::ServiceConfig| {};
    let table = [
        ("/Stage", "the service Stage answers there"),
        ("/Narrow/other", "the service Narrow answers there"),
        ("/echo", "a method answers at /echo"),
        ("/metrics", "the gateway itself"),
        ("pages", "begins with a slash"),
        ("/pages/", "does not end in one"),
        ("/", "does not end in one"),
        ("/{all}", "a prefix begins"),
    ];
    for (prefix, words) in table {
        let error = services().gateway(any_port().routes(prefix, nothing)).start().await.err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(words) && error.contains(prefix), "{prefix}: {error}");
    }
}

#[tokio::test]
async fn the_request_is_known_to_what_is_called() {
    async fn shown(request: HttpRequest) -> Result<String, http::Error> {
        let agent = request.headers().get("user-agent").ok_or(Error::rejected("user-agent", "is missing"))?;
        Ok(format!("{agent:?}"))
    }
    let shown = |routes: &mut web::ServiceConfig| {
        routes.route("", web::get().to(shown));
    };
    let server = Server::with(any_port().routes("/a/b", shown)).await;
    assert_eq!(answer(server.get("/a/b")).await.1["field"], "user-agent");
}
