//! The page of metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse::Settings;
use playhouse::http::web;
use playhouse::prelude::*;
use reqwest::StatusCode;
use serde_json::json;

use crate::meeting::Meeting;
use crate::page::Page;
use crate::server::{Server, any_port, services};
use crate::stage::{Stage, StageClient};
use crate::starting::Slow;

/// Takes batches.
pub(crate) struct Together;

#[service]
impl Together {
    #[init]
    fn new() -> Self {
        Together
    }

    #[api(batch(max_size = 8))]
    async fn double(&self, numbers: Vec<u32>) -> Result<Vec<u32>> {
        Ok(numbers.into_iter().map(|number| number * 2).collect())
    }
}

/// Depends on somebody at a URL, who is not there.
pub(crate) struct Abroad;

#[service]
impl Abroad {
    #[init]
    fn new(#[depends(url = "http://127.0.0.1:1")] _stage: StageClient
    ) -> Self {
        Abroad
    }

    #[api]
    async fn nothing(&self) -> Result<()> {
        Ok(())
    }
}

/// All services of the stage, one that takes batches, and one that calls a URL.
pub(crate) async fn with_batches() -> Server {
    Server::of(services().service::<Together>().service::<Abroad>().gateway(any_port().entry("Stage"))).await
}

#[tokio::test]
async fn series_of_known_methods_are_there_from_the_start() {
    let server = Server::start().await;
    let page = Page::of(&server).await;
    for series in [
        r#"playhouse_requests_total{service="Stage",method="echo",outcome="ok"}"#,
        r#"playhouse_requests_total{service="Fragile",method="panic",outcome="panicked"}"#,
        r#"playhouse_request_duration_seconds_bucket{service="Stage",method="echo",le="5e-05"}"#,
        r#"playhouse_request_queue_seconds_count{service="Narrow",method="meet"}"#,
        r#"playhouse_requests_shed_total{service="Narrow",method="meet"}"#,
        r#"playhouse_stream_items_total{service="Stage",method="count"}"#,
        r#"playhouse_streams_open{service="Stage",method="count"}"#,
        r#"playhouse_mailbox_depth{service="Stage"}"#,
        r#"playhouse_worker_restarts_total{service="Fragile"}"#,
        r#"playhouse_routed_total{service="Stage",decision="remote"}"#,
        r#"playhouse_groups{service="Stage",status="failed"}"#,
        r#"playhouse_http_requests_total{route="/echo",code="500"}"#,
        r#"playhouse_http_requests_total{route="/Stage/echo",code="200"}"#,
    ] {
        assert_eq!(page.value(series), Some(0.0), "{series}");
    }
    for (series, value) in [
        (r#"playhouse_max_concurrency{service="Narrow"}"#, 1.0),
        (r#"playhouse_slots{service="Narrow"}"#, 1.0),
        (r#"playhouse_workers_ready{service="Narrow"}"#, 1.0),
        (r#"playhouse_groups{service="Stage",status="up"}"#, 1.0),
        ("playhouse_http_connections_open", 1.0),
        ("playhouse_http_requests_in_flight", 0.0),
    ] {
        assert_eq!(page.value(series), Some(value), "{series}");
    }
}

#[tokio::test]
async fn calls_are_counted_by_how_they_end() {
    let server = Server::start().await;
    for _ in 0..3 {
        server.call("/echo", &json!({ "text": "a" })).await;
    }
    server.call("/echo", &json!({ "text": 1 })).await;
    server.call("/fail", &json!({})).await;
    server.call("/panic", &json!({})).await;
    server.call("/Front/mistake", &json!({})).await;
    let page = Page::of(&server).await;
    for (method, outcome, count) in [
        ("Stage.echo", "ok", 3.0),
        ("Stage.echo", "rejected", 1.0),
        ("Stage.fail", "service", 1.0),
        ("Stage.panic", "panicked", 1.0),
        ("Stage.rows", "rejected", 1.0),
        ("Front.mistake", "rejected", 1.0),
    ] {
        let (service, method) = method.split_once('.').unwrap();
        let series =
            format!("playhouse_requests_total{{service=\"{service}\",method=\"{method}\",outcome=\"{outcome}\"}}");
        assert_eq!(page.value(&series), Some(count), "{series}");
    }
    for (series, count) in [
        (r#"playhouse_request_duration_seconds_count{service="Stage",method="echo"}"#, 3.0),
        (r#"playhouse_request_run_seconds_bucket{service="Stage",method="echo",le="+Inf"}"#, 3.0),
        (r#"playhouse_panics_total{service="Stage"}"#, 1.0),
        (r#"playhouse_routed_total{service="Stage",decision="local"}"#, 7.0),
        (r#"playhouse_http_requests_total{route="/echo",code="200"}"#, 3.0),
        (r#"playhouse_http_requests_total{route="/echo",code="400"}"#, 1.0),
        (r#"playhouse_http_requests_total{route="/panic",code="500"}"#, 1.0),
        (r#"playhouse_http_request_duration_seconds_count{route="/echo"}"#, 4.0),
        (r#"playhouse_http_request_body_bytes_total{route="/fail"}"#, 2.0),
    ] {
        assert_eq!(page.value(series), Some(count), "{series}");
    }
    let answered = page.value(r#"playhouse_http_response_body_bytes_total{route="/echo"}"#).unwrap();
    assert!(answered > 9.0, "three times \"a\" in quotes, and an error: {answered}");
}

#[tokio::test]
async fn paths_that_are_none_make_no_series() {
    let server = Server::start().await;
    let before = Page::of(&server).await.metrics().len();
    for path in ["/wp-login.php", "/.env", "/Stage/nothing/else", "/ech"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(server.call("/nobody", &json!({})).await.0, StatusCode::NOT_FOUND);
    let page = Page::of(&server).await;
    assert_eq!(page.metrics().len(), before);
    assert_eq!(page.value(r#"playhouse_http_requests_total{route="other",code="404"}"#), Some(5.0));
    let routes = page.values_of("playhouse_http_requests_total", "route");
    assert!(routes.iter().all(|route| !route.contains("wp-login") && !route.contains("env")), "{routes:?}");
}

#[tokio::test]
async fn whatever_answers_has_a_route_of_its_own() {
    let pages = any_port().routes("/pages", |routes| {
        routes.route("/{name}", web::get().to(|| async { "page" }));
    });
    let server = Server::with(pages).await;
    assert_eq!(server.call("/%65cho", &json!({ "text": "a" })).await.0, StatusCode::OK);
    let looked_at =
        ["/pages/a", "/pages/b", "/Front/schema.json", "/Front/readyz", "/api-page/start.js", "/docs.json", "/"];
    for path in looked_at {
        assert_eq!(server.get(path).send().await.unwrap().status(), StatusCode::OK, "{path}");
    }
    let page = Page::of(&server).await;
    for (route, count) in [
        ("/echo", 1.0),
        ("/pages/*", 2.0),
        ("/Front/schema.json", 1.0),
        ("/Front/readyz", 1.0),
        ("/api-page/*", 1.0),
        ("/docs.json", 1.0),
        ("/", 1.0),
        ("other", 0.0),
    ] {
        let series = format!("playhouse_http_requests_total{{route=\"{route}\",code=\"200\"}}");
        assert_eq!(page.value(&series), Some(count), "{series}");
    }
}

#[tokio::test]
async fn what_is_under_way_is_seen() {
    let server = Server::start().await;
    let meeting = Meeting::new().await;
    let arguments = meeting.arguments();
    let call = server.call("/Narrow/meet", &arguments);
    let look = async {
        let met = meeting.met().await;
        let full = server.call("/Narrow/meet", &arguments).await;
        assert_eq!(full.0, StatusCode::TOO_MANY_REQUESTS);
        let page = Page::of(&server).await;
        for (series, value) in [
            (r#"playhouse_requests_in_flight{service="Narrow"}"#, 1.0),
            (r#"playhouse_slots_in_use{service="Narrow"}"#, 1.0),
            (r#"playhouse_mailbox_depth{service="Narrow"}"#, 0.0),
            (r#"playhouse_requests_shed_total{service="Narrow",method="meet"}"#, 1.0),
            (r#"playhouse_requests_total{service="Narrow",method="meet",outcome="overloaded"}"#, 1.0),
            ("playhouse_http_requests_in_flight", 1.0),
        ] {
            assert_eq!(page.value(series), Some(value), "{series}");
        }
        met.let_go("done").await;
    };
    tokio::join!(call, look);
}

#[tokio::test]
async fn streams_are_counted_item_by_item_and_to_their_end() {
    let server = Server::start().await;
    let meeting = Meeting::new().await;
    let request = server.post("/count_and_meet").json(&meeting.arguments());
    let mut response = request.send().await.unwrap();
    response.chunk().await.unwrap();
    let met = meeting.met().await;
    let page = Page::of(&server).await;
    let value = |page: &Page, metric: &str| {
        page.value(&format!("{metric}{{service=\"Stage\",method=\"count_and_meet\"}}")).unwrap()
    };
    assert_eq!((value(&page, "playhouse_streams_open"), value(&page, "playhouse_stream_items_total")), (1.0, 1.0));
    met.let_go("second").await;
    let rest = response.bytes().await.unwrap();
    assert_eq!(rest, "second");
    let page = Page::of(&server).await;
    assert_eq!((value(&page, "playhouse_streams_open"), value(&page, "playhouse_stream_items_total")), (0.0, 2.0));
    let sent = page.value(r#"playhouse_http_response_body_bytes_total{route="/count_and_meet"}"#);
    assert_eq!(sent, Some(("first".len() + rest.len()) as f64));
}

#[tokio::test]
async fn batches_are_counted_by_their_size() {
    let server = with_batches().await;
    for number in 0..3 {
        let arguments = json!({ "numbers": number });
        assert_eq!(server.call("/Together/double", &arguments).await, (StatusCode::OK, json!(number * 2)));
    }
    let page = Page::of(&server).await;
    let value = |what: &str| page.value(&format!("playhouse_{what}{{service=\"Together\",method=\"double\"}}"));
    assert_eq!((value("batch_size_count"), value("batch_size_sum")), (Some(3.0), Some(3.0)));
    assert_eq!(value("request_queue_seconds_count"), Some(3.0));
}

#[tokio::test]
async fn a_body_whose_length_is_not_announced_is_counted_as_it_is_read() {
    let server = Server::start().await;
    let request = b"POST /nothing HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
                    2\r\n{}\r\n1\r\n \r\n0\r\n\r\n";
    assert!(server.raw(request).await.starts_with("HTTP/1.1 200"));
    let page = Page::of(&server).await;
    assert_eq!(page.value(r#"playhouse_http_request_body_bytes_total{route="/nothing"}"#), Some(3.0));
}

#[tokio::test]
async fn nothing_that_is_counted_falls_when_groups_go() {
    let server = Server::start().await;
    let replica = server.node.spawn::<Stage>(&Settings::default()).await.unwrap();
    for _ in 0..20 {
        server.call("/echo", &json!({ "text": "a" })).await;
        server.call("/panic", &json!({})).await;
    }
    let before: BTreeMap<String, f64> = Page::of(&server).await.counted().collect();
    assert!(server.node.stop(&replica).await);
    let page = Page::of(&server).await;
    let after: BTreeMap<String, f64> = page.counted().collect();
    for (series, value) in &before {
        assert!(
            after.get(series).is_some_and(|after| after >= value),
            "{series}: {value}, then {:?}",
            after.get(series)
        );
    }
    let echoed = r#"playhouse_requests_total{service="Stage",method="echo",outcome="ok"}"#;
    assert_eq!(
        (page.value(echoed), page.value(r#"playhouse_groups{service="Stage",status="up"}"#)),
        (Some(20.0), Some(1.0))
    );
}

#[tokio::test]
async fn the_page_is_there_before_the_services_and_after_them() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let meeting = Meeting::new().await;
    let node = Node::builder().service::<Slow>().gateway(any_port().port(port));
    let starting = tokio::spawn(node.configure("Slow", meeting.arguments()["port"].clone()).start());
    let met = meeting.met().await;
    let page = || async {
        let response = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Page::read(&response.text().await.unwrap())
    };
    let calls = r#"playhouse_requests_total{service="Slow",method="nothing",outcome="ok"}"#;
    let starting_groups = r#"playhouse_groups{service="Slow",status="starting"}"#;
    let early = page().await;
    assert_eq!((early.value(calls), early.value(starting_groups)), (Some(0.0), Some(1.0)));
    met.let_go("go").await;
    let node = starting.await.unwrap().unwrap();
    reqwest::Client::new().post(format!("http://127.0.0.1:{port}/nothing")).send().await.unwrap();
    assert_eq!(page().await.value(calls), Some(1.0));
    drop(node);
}

#[tokio::test]
async fn a_drain_is_seen_to_its_end() {
    let server = Server::of(services().gateway(any_port())).await;
    let meeting = Meeting::new().await;
    let arguments = meeting.arguments();
    let url = server.url("/metrics");
    let call = tokio::spawn(server.post("/meet").json(&arguments).send());
    let met = meeting.met().await;
    let drained = tokio::spawn(server.node.drain(Duration::from_secs(10)));
    let page = loop {
        let response = reqwest::get(&url).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let page = Page::read(&response.text().await.unwrap());
        // The others have gone, and with them their groups; what they have counted has not.
        if page.value(r#"playhouse_groups{service="Front",status="up"}"#) == Some(0.0) {
            break page;
        }
    };
    assert_eq!(page.value(r#"playhouse_requests_in_flight{service="Stage"}"#), Some(1.0));
    assert!(page.value(r#"playhouse_requests_total{service="Front",method="mistake",outcome="ok"}"#).is_some());
    met.let_go("done").await;
    assert_eq!(call.await.unwrap().unwrap().status(), StatusCode::OK);
    drained.await.unwrap();
}

#[tokio::test]
async fn the_page_is_only_looked_at() {
    let server = Server::start().await;
    assert_eq!(server.get("/metrics/").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let response = server.post("/metrics").send().await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"GET, HEAD".parse().unwrap())
    );
    let open =
        server.get("/metrics").header("accept", "application/openmetrics-text;version=1.0.0").send().await.unwrap();
    assert!(open.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    assert!(open.text().await.unwrap().ends_with("# EOF\n"));
}
