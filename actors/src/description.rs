//! What a service says of itself: enough for a gateway, a document or another node, without its types.

use std::borrow::Cow;
use std::time::Duration;

use schemars::Schema;
use serde::Serialize;

use crate::depends::Interface;

/// A service, its methods and its needs.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceDescription {
    /// The service's name: that of its type.
    pub name: &'static str,
    /// The doc comment of the type's `impl`.
    pub doc: &'static str,
    /// What the attribute in the code asks for; configuration comes over it.
    pub settings: Settings,
    /// What the constructor takes.
    pub requirements: Vec<Requirement>,
    /// The methods, in the order of the code.
    pub methods: Vec<MethodDescription>,
}

impl ServiceDescription {
    /// The names of the services that this one calls, in the order of its constructor.
    pub fn dependencies(&self) -> impl Iterator<Item = &'static str> {
        self.requirements.iter().filter_map(|requirement| match requirement.kind {
            RequirementKind::Service(name) => Some(name),
            _ => None,
        })
    }

    /// The parameters of its constructor that are bound to URLs, in their order.
    pub fn bound_parameters(&self) -> impl Iterator<Item = &'static str> {
        let bound =
            self.requirements.iter().filter(|requirement| matches!(requirement.kind, RequirementKind::Url { .. }));
        bound.map(|requirement| requirement.parameter)
    }

    /// Whether each worker needs a thread of its own, because some method computes or the service holds a model.
    #[must_use]
    pub fn is_compute(&self) -> bool {
        self.methods.iter().any(|method| method.compute)
            || self
                .requirements
                .iter()
                .any(|requirement| matches!(requirement.kind, RequirementKind::Model(_) | RequirementKind::Device))
    }
}

/// One method.
#[derive(Clone, Debug, Serialize)]
pub struct MethodDescription {
    /// The method's name.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// How it answers.
    pub kind: MethodKind,
    /// Whether it blocks its thread (a plain `fn`) rather than awaits.
    pub compute: bool,
    /// Whether running it twice does the same as running it once.
    pub idempotent: bool,
    /// Whether it takes a [`Context`](crate::Context): only then are the headers of a request kept for it.
    pub context: bool,
    /// `#[api(version = n)]`: a caller reaches only replicas with the same version.
    pub version: u32,
    /// How it runs when it is submitted rather than called, if it can be: `#[task]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskOptions>,
    /// Whether a body is the value of the only argument (`#[root]`), and not an object that names it.
    pub root: bool,
    /// `#[api(route = "/path")]`.
    pub route: Option<&'static str>,
    /// The arguments: an object with one property for each. With `root` that of the only one.
    pub arguments: Schema,
    /// The result; for a stream, one item.
    pub result: Schema,
}

impl MethodDescription {
    /// The path of the method among those of its service: `/<name>` unless it has a route of its own.
    #[must_use]
    pub fn path(&self) -> Cow<'static, str> {
        self.route.map_or_else(|| format!("/{}", self.name).into(), Cow::Borrowed)
    }
}

/// How a method answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    /// One message, one answer.
    Unary,
    /// One message, one answer; the worker sees many at once.
    Batch,
    /// One message, many answers.
    Stream,
}

/// `#[task(..)]`: how a method runs when it is submitted rather than called. Whoever keeps tasks abides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TaskOptions {
    /// The longest that a task may run. That of a call, `traffic.timeout`, does not hold for it.
    pub timeout: Duration,
    /// How long a task is kept when it has ended, and its result with it.
    pub retention: Duration,
    /// How many tasks run at once; one for each worker where it is `None`.
    pub concurrency: Option<usize>,
    /// How many tasks may be there that have not ended, waiting and running together.
    pub max_unfinished: usize,
}

impl Default for TaskOptions {
    /// An hour to run, a day to fetch the result, ten thousand that have not ended.
    fn default() -> Self {
        let hour = Duration::from_secs(60 * 60);
        Self { timeout: hour, retention: 24 * hour, concurrency: None, max_unfinished: 10_000 }
    }
}

/// One parameter of a constructor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// The parameter's name.
    pub parameter: &'static str,
    /// What it asks for.
    pub kind: RequirementKind,
}

/// What a constructor can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequirementKind {
    /// A client of another service.
    Service(&'static str),
    /// A client that is bound to a URL: whoever answers there is no part of the program.
    Url {
        /// What the client expects to find there.
        #[serde(rename = "service")]
        interface: Interface,
        /// As it stands in the code: it may hold `${VARIABLES}`, and configuration may set another.
        url: &'static str,
        /// Where the bearer token is, as a [`TokenSource`](crate::TokenSource) is written.
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<&'static str>,
    },
    /// The files of a model, as `name:version`.
    Model(&'static str),
    /// A place to compute.
    Device,
    /// Something that is there anyway, such as a worker's index or configuration.
    Given,
}

/// The settings of a service that have a place in its attribute; `None` and empty mean: not set there.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Settings {
    /// How many workers a group has.
    pub workers: Option<usize>,
    /// How many messages one worker runs at a time.
    pub slots: Option<usize>,
    /// Deadlines and bounds of calls.
    pub traffic: Traffic,
    /// What one replica needs of its machine.
    pub resources: Resources,
    /// When a failed worker is started again.
    pub restart: Restart,
}

/// `traffic(..)`: deadlines and bounds of calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// The deadline of a call that brings none; for a stream, of its first item.
    pub timeout: Option<Duration>,
    /// The longest time between two items of a stream.
    pub idle_timeout: Option<Duration>,
    /// How many messages one group admits, waiting and running together.
    pub max_concurrency: Option<usize>,
    /// How many messages a replica should have: what scaling aims at.
    pub concurrency: Option<usize>,
}

/// `resources(..)`: what one replica needs of its machine, in the notation of Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Resources {
    /// Processor time: `"200m"` or `"2"`.
    pub cpu: Option<Cow<'static, str>>,
    /// Memory: `"512Mi"`.
    pub memory: Option<Cow<'static, str>>,
    /// Whole or fractional GPUs.
    pub gpu: Option<f32>,
}

/// `restart(..)`: when a failed worker is started again.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Restart {
    /// Whether at all.
    pub policy: Option<RestartPolicy>,
    /// How many restarts within `period` are tried before the group counts as failed.
    pub max_restarts: Option<u32>,
    /// The period of `max_restarts`.
    pub period: Option<Duration>,
    /// The first pause before a restart; each later one is twice as long.
    pub backoff_min: Option<Duration>,
    /// The longest pause before a restart.
    pub backoff_max: Option<Duration>,
}

/// Which ends of a worker are followed by a restart. The words are those of Erlang's supervisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartPolicy {
    /// Every end.
    #[default]
    Permanent,
    /// An end by failure: a panic, a failed constructor; not one that the service asked for by `alive`.
    Transient,
    /// None.
    Never,
}

impl Settings {
    /// These settings, with those of `over` in place of their own where it sets any.
    #[must_use]
    pub fn overlaid(self, over: &Settings) -> Self {
        Self {
            workers: over.workers.or(self.workers),
            slots: over.slots.or(self.slots),
            traffic: Traffic {
                timeout: over.traffic.timeout.or(self.traffic.timeout),
                idle_timeout: over.traffic.idle_timeout.or(self.traffic.idle_timeout),
                max_concurrency: over.traffic.max_concurrency.or(self.traffic.max_concurrency),
                concurrency: over.traffic.concurrency.or(self.traffic.concurrency),
            },
            resources: Resources {
                cpu: over.resources.cpu.clone().or(self.resources.cpu),
                memory: over.resources.memory.clone().or(self.resources.memory),
                gpu: over.resources.gpu.or(self.resources.gpu),
            },
            restart: Restart {
                policy: over.restart.policy.or(self.restart.policy),
                max_restarts: over.restart.max_restarts.or(self.restart.max_restarts),
                period: over.restart.period.or(self.restart.period),
                backoff_min: over.restart.backoff_min.or(self.restart.backoff_min),
                backoff_max: over.restart.backoff_max.or(self.restart.backoff_max),
            },
        }
    }
}
