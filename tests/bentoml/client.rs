//! BentoML's clients.

use playhouse::{GatewayConfig, Tokens};

use crate::python::Script;
use crate::server::Server;

#[tokio::test]
async fn the_clients_of_bentoml_work() {
    let server = Server::start().await;
    server.run(Script::new("bentoml/clients.py")).await;
}

#[tokio::test]
async fn services_of_bentoml_can_depend_on_ours() {
    let server = Server::start().await;
    server.run(Script::new("bentoml/depends.py")).await;
}

#[tokio::test]
async fn a_client_of_bentoml_comes_in_by_its_token() {
    let tokens = Tokens::new(["the-token"]).unwrap();
    let server = Server::with(GatewayConfig::default().tokens(tokens)).await;
    server.run(Script::new("bentoml/bearer.py").arg("the-token")).await;
}
