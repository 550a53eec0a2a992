//! A node with all services of the stage, and how to ask it.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use playhouse::{GatewayConfig, Node, NodeBuilder};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stage::{Fragile, Front, Hasty, Narrow, Stage};

pub(crate) struct Server {
    pub(crate) node: Node,
    client: Client,
}

/// All services of the stage; `Stage` is the entry.
pub(crate) fn services() -> NodeBuilder {
    let services = Node::builder().service::<Narrow>().service::<Hasty>().service::<Fragile>();
    services.service::<Front>().service::<Stage>().threads(NonZeroUsize::new(2).unwrap())
}

pub(crate) fn any_port() -> GatewayConfig {
    GatewayConfig::default().port(0)
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(any_port()).await
    }

    pub(crate) async fn with(gateway: GatewayConfig) -> Self {
        Self::of(services().gateway(gateway)).await
    }

    pub(crate) async fn of(node: NodeBuilder) -> Self {
        Self { node: node.start().await.unwrap(), client: Client::new() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.node.address().unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// Calls a method with JSON: the status and the body.
    pub(crate) async fn call(&self, path: &str, arguments: &Value) -> (StatusCode, Value) {
        answer(self.post(path).json(arguments)).await
    }

    /// Sends bytes as they are and reads until the server closes the connection.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let mut connection = TcpStream::connect(self.address()).await.unwrap();
        connection.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }
}

/// The status and the body: JSON, or a text for a method that gives one.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let is_text = response.headers()["content-type"].as_bytes().starts_with(b"text/plain");
    let body = if is_text { response.text().await.unwrap().into() } else { response.json().await.unwrap() };
    (status, body)
}
