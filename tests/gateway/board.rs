//! The Grafana board, beside what a program really says of itself.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::metrics::with_batches;
use crate::page::Page;

/// What Prometheus adds to each series.
const ADDED: [&str; 2] = ["instance", "job"];

#[tokio::test]
async fn every_query_asks_for_what_there_is() {
    let board: Value = serde_json::from_str(include_str!("../../docker/grafana/playhouse.json")).unwrap();
    let server = with_batches().await;
    let page = Page::of(&server).await;
    let there = page.metrics();
    let queries = queries(&board);
    assert!(queries.len() > 30, "{queries:?}");
    for query in queries {
        let asked = Asked::by(&query);
        assert!(!asked.metrics.is_empty() || asked.labels.is_empty(), "no metric: {query}");
        for metric in &asked.metrics {
            assert!(there.contains_key(metric.as_str()), "there is no {metric}: {query}");
        }
        for label in asked.labels.iter().filter(|label| !ADDED.contains(&label.as_str())) {
            let has = |metric: &String| there[metric.as_str()].contains(label.as_str());
            assert!(asked.metrics.iter().all(has), "{label} is no label of each of {:?}: {query}", asked.metrics);
        }
    }
}

#[test]
fn a_query_is_taken_apart() {
    let query =
        r#"histogram_quantile(0.9, sum by (le, route) (rate(playhouse_a_bucket{code!="x",b=~"$y"}[5m]))) / process_c"#;
    let asked = Asked::by(query);
    assert_eq!(asked.metrics, ["playhouse_a_bucket", "process_c"].map(str::to_owned).into());
    assert_eq!(asked.labels, ["b", "code", "le", "route"].map(str::to_owned).into());
}

/// Every query of the board, each with the legend that is made from its labels.
fn queries(board: &Value) -> Vec<String> {
    let panels = board["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let of_panels = targets.map(|target| {
        let text = |name: &str| target[name].as_str().unwrap();
        let legend = text("legendFormat").replace("{{", " by (").replace("}}", ") ");
        format!("{} {legend}", text("expr"))
    });
    let variables = board["templating"]["list"].as_array().unwrap().iter();
    let of_variables = variables.filter_map(|variable| variable["definition"].as_str()).map(|definition| {
        let (metric, label) =
            definition.strip_prefix("label_values(").unwrap().trim_end_matches(')').split_once(", ").unwrap();
        format!("{metric} by ({label})")
    });
    of_panels.chain(of_variables).collect()
}

/// The metrics and the labels that a query names.
#[derive(Default)]
struct Asked {
    metrics: BTreeSet<String>,
    labels: BTreeSet<String>,
}

impl Asked {
    fn by(query: &str) -> Self {
        let mut asked = Self::default();
        let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let is_metric = |word: &&str| word.starts_with("playhouse_") || word.starts_with("process_");
        asked.metrics.extend(words.filter(is_metric).map(str::to_owned));
        for list in query.split("by (").skip(1) {
            let (list, _) = list.split_once(')').unwrap();
            asked.labels.extend(list.split(", ").map(str::to_owned));
        }
        for matchers in query.split('{').skip(1) {
            let (matchers, _) = matchers.split_once('}').unwrap();
            let names = matchers.split(',').filter_map(|matcher| matcher.split(['=', '!']).next());
            asked.labels.extend(names.map(str::to_owned));
        }
        asked
    }
}
