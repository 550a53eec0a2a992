//! The HTTP client of the thread that sends spans: one that blocks it.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::{Builder, Runtime};

/// A client with a runtime of its own, since the thread that uses it has none.
#[derive(Debug)]
pub(super) struct BlockingClient {
    runtime: Runtime,
    client: HyperClient,
}

impl BlockingClient {
    /// A client that waits for an answer this long.
    ///
    /// # Errors
    /// When the operating system gives nothing to wait on.
    pub(super) fn new(timeout: Duration) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, client: HyperClient::with_default_connector(timeout, None) })
    }
}

#[async_trait]
impl HttpClient for BlockingClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.runtime.block_on(self.client.send_bytes(request))
    }
}
