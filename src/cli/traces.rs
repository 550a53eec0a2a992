//! Where the traces of a program go.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use super::arguments::Serve;
use crate::config::Traces as Section;
use crate::telemetry::spans::{Exporter, OtlpError};
use crate::telemetry::{Sampler, Tracing};

/// What other programs are told a collector's address by.
const OTEL_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// How long spans may take to reach the collector at the end.
const FLUSH_LIMIT: Duration = Duration::from_secs(3);

/// The traces of a program that serves.
pub(super) struct Traces {
    exporter: Option<Arc<Exporter>>,
    ratio: f64,
}

impl Traces {
    /// By the command line, the environment, the file. An empty address means nowhere.
    ///
    /// # Errors
    /// When the address is none.
    pub(super) fn of(serve: &Serve, file: &Section) -> Result<Self, OtlpError> {
        let given = serve.otlp.clone().or_else(|| env::var(OTEL_ENDPOINT).ok()).or_else(|| file.otlp.clone());
        let exporter =
            given.filter(|address| !address.is_empty()).map(|address| Exporter::start(&address)).transpose()?;
        Ok(Self { exporter: exporter.map(Arc::new), ratio: serve.trace_sample.or(file.sample).unwrap_or(1.0) })
    }

    pub(super) fn exporter(&self) -> Option<Arc<Exporter>> {
        self.exporter.clone()
    }

    /// What a node has to know of it.
    pub(super) fn tracing(&self) -> Tracing {
        let Some(exporter) = &self.exporter else { return Tracing::default() };
        Tracing { sampler: Sampler::new(self.ratio), queue: Arc::clone(exporter.queue()) }
    }

    /// Waits until all spans have been sent, but not for ever.
    pub(super) async fn finish(self) {
        let Some(exporter) = self.exporter else { return };
        // It blocks. If the thread that does it is lost, so are the spans.
        let finished = tokio::task::spawn_blocking(move || exporter.finish(FLUSH_LIMIT)).await;
        if let Err(error) = finished {
            tracing::warn!(%error, "some spans have not reached the collector");
        }
    }
}
