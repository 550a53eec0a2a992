//! What the file says of one service.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::thread;

use playhouse_actors::{Resources, Restart, RestartPolicy, ServiceDescription, Settings, Traffic};

use super::check;
use super::depends::{self, Bound};
use super::quantity;
use super::section::{Section, as_count};
use super::yaml::{Located, Value};

/// What the file says of one service.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ServiceSection {
    /// What comes over the attribute in the code.
    pub(crate) settings: Settings,
    /// What the service's own `Config` is read from.
    pub(crate) config: Option<serde_json::Value>,
    /// What comes over the code for a parameter that is bound to a URL.
    pub(crate) depends: BTreeMap<String, Bound>,
}

const POLICIES: [(&str, RestartPolicy); 3] =
    [("permanent", RestartPolicy::Permanent), ("transient", RestartPolicy::Transient), ("never", RestartPolicy::Never)];

impl ServiceSection {
    /// Reads a section; `service` is what the code says, which must not contradict it.
    pub(super) fn read(section: Section<'_>, service: &ServiceDescription) -> Self {
        let workers = section.read("workers", "a whole number above 0, or cpu_count", as_workers);
        let slots = section.count("slots").map(NonZeroUsize::get);
        let traffic = traffic(section.section("traffic"));
        let resources = resources(section.section("resources"));
        let restart = restart(section.section("restart"), &service.settings);
        let config = section.value("config").map(Located::to_json);
        let depends = depends::read(&section.section("depends"), service);
        section.end();
        Self { settings: Settings { workers, slots, traffic, resources, restart }, config, depends }
    }
}

fn as_workers(value: &Located) -> Option<usize> {
    match &value.value {
        Value::Text(text) if text == "cpu_count" => Some(thread::available_parallelism().map_or(1, NonZeroUsize::get)),
        _ => as_count(value).map(NonZeroUsize::get),
    }
}

fn traffic(section: Section<'_>) -> Traffic {
    let traffic = Traffic {
        timeout: section.time_limit("timeout"),
        idle_timeout: section.time_limit("idle_timeout"),
        max_concurrency: section.count("max_concurrency").map(NonZeroUsize::get),
        concurrency: section.count("concurrency").map(NonZeroUsize::get),
    };
    section.end();
    traffic
}

fn resources(section: Section<'_>) -> Resources {
    let resources = Resources {
        cpu: section.text_that("cpu", quantity::CPU, quantity::is_cpu).map(Cow::Owned),
        memory: section.text_that("memory", quantity::MEMORY_EXPECTED, quantity::is_memory).map(Cow::Owned),
        gpu: section.fraction("gpu"),
    };
    section.end();
    resources
}

fn restart(section: Section<'_>, code: &Settings) -> Restart {
    let restart = Restart {
        policy: section.word("policy", &POLICIES),
        max_restarts: section.number("max_restarts", "a whole number"),
        period: section.time_limit("period"),
        backoff_min: section.duration("backoff_min"),
        backoff_max: section.duration("backoff_max"),
    };
    check::backoff(&section, &restart, code);
    section.end();
    restart
}
