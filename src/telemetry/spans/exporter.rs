//! Sends spans to a collector: in batches, on a thread of its own, out of a bounded queue.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use opentelemetry::InstrumentationScope;
use opentelemetry_otlp::{RetryPolicy, SpanExporter as OtlpExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanExporter, SpanProcessor as _};
use tokio::time::Instant;

use super::client::BlockingClient;
use super::queue::{Queue, WAITING_MAX};

/// How long the collector has for one batch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long spans gather before they are sent.
const GATHER: Duration = Duration::from_secs(2);

/// How many are sent at a time.
const BATCH_MAX: usize = 512;

/// Where a collector takes traces, below its address.
const TRACES: &str = "/v1/traces";

/// Why spans cannot be sent at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum OtlpError {
    /// The address is none.
    #[error("--otlp {address}: expected the address of a collector, such as http://127.0.0.1:4318")]
    Address {
        /// What was given.
        address: String,
    },
    /// The operating system gave nothing to wait on.
    #[error("cannot start the export of traces: {0}")]
    Client(#[from] io::Error),
    /// Something else in the settings of the environment, `OTEL_EXPORTER_OTLP_HEADERS` and the like.
    #[error("cannot start the export of traces: {0}")]
    Settings(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// A way for spans to a collector.
#[derive(Debug)]
pub(crate) struct Exporter {
    processor: BatchSpanProcessor,
    queue: Arc<Queue>,
    scope: InstrumentationScope,
}

impl Exporter {
    /// Starts a thread that sends spans to the collector at `address`. Nothing is sent yet, so one that is down is no
    /// error. `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_EXPORTER_OTLP_HEADERS` are heeded.
    ///
    /// # Errors
    /// When the address is none.
    pub(crate) fn start(address: &str) -> Result<Self, OtlpError> {
        let exporter = OtlpExporter::builder()
            .with_http()
            .with_http_client(BlockingClient::new(TIMEOUT)?)
            .with_endpoint(endpoint(address)?)
            .with_timeout(TIMEOUT)
            // A batch that was not taken is lost: others wait behind it.
            .with_retry_policy(RetryPolicy::disabled())
            .build()?;
        let queue = Arc::new(Queue::default());
        let counted = Counted { exporter, queue: Arc::clone(&queue), address: address.to_owned() };
        let config = BatchConfigBuilder::default()
            // What is sent has left the processor's queue and is still counted in ours: this one is never full.
            .with_max_queue_size(WAITING_MAX)
            .with_max_export_batch_size(BATCH_MAX)
            .with_scheduled_delay(GATHER);
        let mut processor = BatchSpanProcessor::builder(counted).with_batch_config(config.build()).build();
        processor.set_resource(&resource());
        let scope = InstrumentationScope::builder("playhouse").with_version(env!("CARGO_PKG_VERSION")).build();
        Ok(Self { processor, queue, scope })
    }

    /// Sends a span some time. One for which there is no room is dropped.
    pub(super) fn send(&self, span: SpanData) {
        if self.queue.enter() {
            self.processor.on_end(span);
        } else if self.queue.tells(Instant::now()) {
            tracing::warn!("spans are dropped: {WAITING_MAX} wait for the collector already");
        }
    }

    pub(super) fn scope(&self) -> &InstrumentationScope {
        &self.scope
    }

    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// Sends all that waits and ends. Blocks, for `limit` at most.
    pub(crate) fn finish(&self, limit: Duration) {
        if let Err(error) = self.processor.shutdown_with_timeout(limit) {
            tracing::warn!(%error, waiting = self.queue.stats().waiting, "some spans have not reached the collector");
        }
    }
}

/// The whole address for traces: that of the collector may have a path of its own.
fn endpoint(address: &str) -> Result<String, OtlpError> {
    let wrong = || OtlpError::Address { address: address.to_owned() };
    let uri: Uri = address.parse().map_err(|_| wrong())?;
    // TLS is the collector's affair: one on the same machine takes the spans and passes them on.
    if uri.scheme_str() != Some("http") || uri.host().is_none_or(str::is_empty) || uri.query().is_some() {
        return Err(wrong());
    }
    let base = address.trim_end_matches('/');
    Ok(if base.ends_with(TRACES) { base.to_owned() } else { format!("{base}{TRACES}") })
}

/// What all spans say of this process.
fn resource() -> Resource {
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
    let resource = Resource::builder();
    if named { resource } else { resource.with_service_name(program()) }.build()
}

/// The name of the program's file.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_stem().map_or_else(|| "playhouse".into(), |name| name.to_string_lossy().into_owned())
}

/// Counts what goes to the collector, and says when it goes nowhere.
#[derive(Debug)]
struct Counted {
    exporter: OtlpExporter,
    queue: Arc<Queue>,
    address: String,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.exporter.export(batch).await;
        self.queue.left(spans, result.is_ok());
        if let Err(error) = &result
            && self.queue.tells(Instant::now())
        {
            let address = &self.address;
            tracing::warn!(spans, "the collector at {address} takes no spans, they are lost: {error}");
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_the_traces_of_a_collector() {
        let table = [
            ("http://127.0.0.1:4318", Some("http://127.0.0.1:4318/v1/traces")),
            ("http://collector:4318/", Some("http://collector:4318/v1/traces")),
            ("http://collector/otlp", Some("http://collector/otlp/v1/traces")),
            ("http://collector/v1/traces", Some("http://collector/v1/traces")),
            ("127.0.0.1:4318", None),
            ("collector", None),
            ("grpc://collector:4317", None),
            ("http://", None),
            ("", None),
        ];
        for (address, expected) in table {
            assert_eq!(endpoint(address).ok().as_deref(), expected, "{address}");
        }
    }
}
