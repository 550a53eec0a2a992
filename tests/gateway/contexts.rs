//! What methods see of requests and say of answers, and what every answer says of its request.

use playhouse::prelude::*;
use playhouse::{Cookie, GatewayConfig};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::json;

use crate::server::{Server, any_port};

/// Sees its requests.
pub(crate) struct Witness;

#[service(workers = 1)]
impl Witness {
    #[init]
    fn new() -> Self {
        Witness
    }

    /// The header, who sent it, and the id.
    #[api]
    async fn see(&self, context: Context, name: String) -> Result<(Option<String>, bool, String)> {
        let id = context.request_id().unwrap_or_default().to_owned();
        Ok((context.header(&name).map(str::to_owned), context.peer().is_some_and(|peer| peer.ip().is_loopback()), id))
    }

    /// Answers in its own way, or fails.
    #[api]
    async fn make(&self, status: u16, fail: bool, context: Context) -> Result<String> {
        context.set_status(status)?;
        context.add_header("location", "/things/7")?;
        context.set_cookie(&Cookie::new("seen", "yes").path("/"))?;
        context.set_cookie(&Cookie::new("session", context.cookie("session").unwrap_or("new")))?;
        if fail { Err(Error::service("no", "not today").into()) } else { Ok("made".into()) }
    }

    #[api]
    async fn count(&self, to: u32, context: Context) -> Result<impl Stream<Item = Result<u32>>> {
        context.add_header("x-count", &to.to_string())?;
        Ok(futures_util::stream::iter((0..to).map(Ok)))
    }

    #[api]
    async fn id(&self) -> Result<String> {
        Ok(Context::current().request_id().unwrap_or_default().to_owned())
    }

    #[api(batch(max_size = 4))]
    async fn many(&self, numbers: Vec<u32>) -> Result<Vec<u32>> {
        Ok(numbers)
    }
}

/// Calls a service that wants to know who does, and takes no context itself.
pub(crate) struct Between {
    witness: WitnessClient,
}

#[service]
impl Between {
    #[init]
    fn new(witness: WitnessClient) -> Self {
        Between { witness }
    }

    #[api]
    async fn ask(&self) -> Result<(Option<String>, bool, String)> {
        Ok(self.witness.see("user-agent".into()).await?)
    }
}

async fn server(gateway: GatewayConfig) -> Server {
    Server::of(Node::builder().service::<Witness>().service::<Between>().gateway(gateway.entry("Witness"))).await
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_method_sees_the_request() {
    let server = server(any_port()).await;
    let request = server.post("/see").header("X-Tenant", "blue").header("x-request-id", "r-1");
    let response = sent(request.json(&json!({ "name": "x-tenant" }))).await;
    assert_eq!(response.json::<serde_json::Value>().await.unwrap(), json!(["blue", true, "r-1"]));
    let id = sent(server.post("/id").header("x-request-id", "r-2")).await;
    assert_eq!(id.text().await.unwrap(), "r-2", "without a parameter too");
    let asked = sent(server.post("/Between/ask").header("x-request-id", "r-3").header("user-agent", "a")).await;
    assert_eq!(asked.json::<serde_json::Value>().await.unwrap(), json!([null, false, "r-3"]));
}

#[tokio::test]
async fn a_method_says_what_its_answer_is_like() {
    let server = server(any_port()).await;
    let make = |status: u16, fail: bool| {
        server.post("/make").header("cookie", "session=5").json(&json!({ "status": status, "fail": fail }))
    };
    let response = sent(make(201, false)).await;
    assert_eq!((response.status(), header(&response, "location")), (StatusCode::CREATED, "/things/7"));
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["seen=yes; Path=/", "session=5"]);
    assert_eq!(response.text().await.unwrap(), "made");
    let nothing = sent(make(204, false)).await;
    assert_eq!((nothing.status(), nothing.bytes().await.unwrap().len()), (StatusCode::NO_CONTENT, 0));
    let failed = sent(make(201, true)).await;
    assert_eq!((failed.status(), header(&failed, "location")), (StatusCode::INTERNAL_SERVER_ERROR, ""));
    let wrong = sent(make(404, false)).await;
    assert_eq!(wrong.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let stream = sent(server.post("/count").json(&json!({ "to": 2 }))).await;
    assert_eq!((header(&stream, "x-count"), stream.status()), ("2", StatusCode::OK));
}

#[tokio::test]
async fn every_answer_has_the_id_of_its_request() {
    let server = server(any_port().max_body(100)).await;
    let requests = || {
        [
            server.post("/see").json(&json!({ "name": "a" })),
            server.post("/count").json(&json!({ "to": 1 })),
            server.post("/see").body("{"),
            server.post("/see").body("a".repeat(101)),
            server.post("/see").header("content-type", "text/plain").body("{}"),
            server.post("/nowhere"),
            server.get("/see"),
            server.get("/livez"),
            server.get("/"),
        ]
    };
    for request in requests() {
        let response = sent(request.header("x-request-id", "5f0c1d8e-7b7a")).await;
        assert_eq!(header(&response, "x-request-id"), "5f0c1d8e-7b7a", "{}", response.url());
    }
    let mut made = Vec::new();
    for request in requests() {
        let response = sent(request.header("x-request-id", "not fit for a log")).await;
        let id = header(&response, "x-request-id").to_owned();
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        made.push(id);
    }
    made.sort();
    made.dedup();
    assert_eq!(made.len(), requests().len(), "each has its own");
}

#[tokio::test]
async fn times_are_told_where_that_is_wanted() {
    let quiet = server(any_port()).await;
    assert_eq!(header(&sent(quiet.post("/id")).await, "server-timing"), "");
    let server = server(any_port().server_timing(true)).await;
    let times = |response: &Response| -> Vec<(String, f64)> {
        let parts = header(response, "server-timing").split(", ");
        let part = |part: &str| part.split_once(";dur=").map(|(name, time)| (name.to_owned(), time.parse().unwrap()));
        parts.filter_map(part).collect()
    };
    for request in
        [server.post("/id"), server.post("/many").json(&json!({ "numbers": 3 })), server.post("/Between/ask")]
    {
        let times = times(&sent(request).await);
        let names: Vec<_> = times.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["queue", "run", "total"]);
        assert!(times[1].1 > 0.0 && times[0].1 + times[1].1 <= times[2].1, "{times:?}");
    }
    let stream = times(&sent(server.post("/count").json(&json!({ "to": 1 }))).await);
    assert_eq!((stream.len(), stream[1].1), (3, 0.0), "it still runs when its answer begins");
    let refused = times(&sent(server.post("/nowhere")).await);
    assert_eq!(refused.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["total"]);
}
