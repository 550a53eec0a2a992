//! The OpenAPI document before a judge, and the page that is made from it in a browser.

use std::time::Duration;

use crate::python::Script;
use crate::server::Server;

#[tokio::test]
async fn the_openapi_document_is_valid_and_its_examples_can_be_called() {
    let server = Server::start().await;
    server.run(Script::new("bentoml/openapi.py")).await;
}

#[tokio::test]
async fn a_call_can_be_tried_in_a_browser() {
    let server = Server::start().await;
    let picture = concat!(env!("CARGO_TARGET_TMPDIR"), "/page.png");
    // The first start of a browser on a busy machine takes its time.
    server.run(Script::new("bentoml/page.py").arg(picture).limit(Duration::from_secs(180))).await;
}
