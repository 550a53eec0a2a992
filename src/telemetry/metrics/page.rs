//! Writes families of the table, and nothing else.

use std::fmt;

use playhouse_actors::HistogramStats;
use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry;

use crate::telemetry::table::{Metric, MetricKind, Unit};

/// A page that is being written.
pub(super) struct Page<'a>(DescriptorEncoder<'a>);

/// One metric with all its series.
pub(super) struct Family<'a> {
    metric: &'static Metric,
    encoder: MetricEncoder<'a>,
}

impl<'a> Page<'a> {
    pub(super) fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// Begins a metric; its series follow.
    pub(super) fn family(&mut self, metric: &'static Metric) -> Result<Family<'_>, fmt::Error> {
        let help = format!("{}.", metric.help);
        let encoder = self.0.encode_descriptor(metric.name, &help, unit(metric), kind(metric))?;
        Ok(Family { metric, encoder })
    }
}

fn unit(metric: &Metric) -> Option<&'static registry::Unit> {
    metric.unit.map(|unit| match unit {
        Unit::Bytes => &registry::Unit::Bytes,
        Unit::Seconds => &registry::Unit::Seconds,
    })
}

fn kind(metric: &Metric) -> MetricType {
    match metric.kind {
        MetricKind::Counter => MetricType::Counter,
        MetricKind::Gauge => MetricType::Gauge,
        MetricKind::Histogram => MetricType::Histogram,
        MetricKind::Info => MetricType::Info,
    }
}

impl Family<'_> {
    /// A series of a counter; `labels` are the values of the metric's labels, in their order.
    pub(super) fn counter(&mut self, labels: &[&str], value: impl EncodeCounterValue) -> fmt::Result {
        self.series(labels, |encoder| encoder.encode_counter::<NoLabelSet, _, f64>(&value, None))
    }

    pub(super) fn gauge(&mut self, labels: &[&str], value: impl EncodeGaugeValue) -> fmt::Result {
        self.series(labels, |encoder| encoder.encode_gauge(&value))
    }

    /// A series of a histogram whose values are in units of `scale`.
    pub(super) fn histogram(&mut self, labels: &[&str], stats: &HistogramStats, scale: f64) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "nobody reads sixteen digits of a time")]
        let scaled = |value: u64| value as f64 / scale;
        let bounds = stats.bounds.iter().map(|&bound| scaled(bound)).chain([f64::MAX]);
        let buckets: Vec<(f64, u64)> = bounds.zip(stats.counts.iter().copied()).collect();
        self.series(labels, |encoder| {
            encoder.encode_histogram::<NoLabelSet>(scaled(stats.sum), stats.count(), &buckets, None)
        })
    }

    pub(super) fn info(mut self, labels: &[&str]) -> fmt::Result {
        let labels: Vec<(&str, &str)> = self.metric.labels.iter().copied().zip(labels.iter().copied()).collect();
        self.encoder.encode_info(&labels)
    }

    fn series(&mut self, labels: &[&str], write: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result) -> fmt::Result {
        debug_assert_eq!(labels.len(), self.metric.labels.len(), "{}", self.metric.name);
        if labels.is_empty() {
            return write(&mut self.encoder);
        }
        let labels: Vec<(&str, &str)> = self.metric.labels.iter().copied().zip(labels.iter().copied()).collect();
        write(&mut self.encoder.encode_family(&labels)?)
    }
}
