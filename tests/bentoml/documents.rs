//! The OpenAPI document before a judge, and the page that is made from it in a browser.

use std::time::Duration;

use playhouse::{GatewayConfig, Tokens};

use crate::python::Script;
use crate::server::Server;

#[tokio::test]
async fn the_openapi_document_is_valid_and_its_examples_can_be_called() {
    let server = Server::start().await;
    server.run(Script::new("bentoml/openapi.py")).await;
}

#[tokio::test]
async fn a_call_can_be_tried_in_a_browser() {
    tried_on_the_page(&Server::start().await, "page.png", None).await;
}

#[tokio::test]
async fn a_token_can_be_given_in_a_browser() {
    let tokens = Tokens::new(["the-token"]).unwrap();
    let server = Server::with(GatewayConfig::default().tokens(tokens)).await;
    tried_on_the_page(&server, "page-token.png", Some("the-token")).await;
}

/// Drives the page, with a token to type in if one is needed; a picture of it is left behind.
async fn tried_on_the_page(server: &Server, picture: &str, token: Option<&str>) {
    // The first start of a browser on a busy machine takes its time.
    let script = Script::new("bentoml/page.py").limit(Duration::from_secs(180));
    let script = script.arg(&format!("{}/{picture}", env!("CARGO_TARGET_TMPDIR"))).arg(token.unwrap_or_default());
    server.run(script).await;
}
