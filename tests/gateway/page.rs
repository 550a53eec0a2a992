//! The page of metrics, read.

use std::collections::{BTreeMap, BTreeSet};

use crate::server::Server;

/// All series of a page with their values.
pub(crate) struct Page(Vec<Series>);

struct Series {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Page {
    pub(crate) async fn of(server: &Server) -> Self {
        Self::read(&server.get("/metrics").send().await.unwrap().text().await.unwrap())
    }

    pub(crate) fn read(text: &str) -> Self {
        Self(text.lines().filter(|line| !line.starts_with('#')).map(Series::read).collect())
    }

    /// The value of a series, written as in a query.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        let wanted = Series::read(&format!("{series} 0"));
        self.0.iter().find(|other| other.name == wanted.name && other.labels == wanted.labels).map(|found| found.value)
    }

    /// The values of one label of a metric.
    pub(crate) fn values_of(&self, metric: &str, label: &str) -> BTreeSet<&str> {
        let series = self.0.iter().filter(|series| series.name == metric);
        series.filter_map(|series| series.labels.get(label)).map(String::as_str).collect()
    }

    /// Each metric with its labels.
    pub(crate) fn metrics(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut metrics: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for series in &self.0 {
            metrics.entry(&series.name).or_default().extend(series.labels.keys().map(String::as_str));
        }
        metrics
    }

    /// What should never fall: counters, and what belongs to histograms.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (String, f64)> {
        let is_counted = |name: &str| ["_total", "_bucket", "_sum", "_count"].iter().any(|end| name.ends_with(end));
        let counted = self.0.iter().filter(move |series| is_counted(&series.name));
        counted.map(|series| (format!("{} {:?}", series.name, series.labels), series.value))
    }
}

impl Series {
    /// Labels here have no quotes, commas or braces in their values.
    fn read(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
        let labels = labels.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()));
        Self { name: name.to_owned(), labels: labels.collect(), value: value.parse().unwrap() }
    }
}
