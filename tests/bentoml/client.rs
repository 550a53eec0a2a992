//! BentoML's clients.

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
