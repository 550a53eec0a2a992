//! A group's settings with every default filled in.

use std::time::Duration;

use serde::Serialize;

use crate::description::{MethodKind, RestartPolicy, ServiceDescription, Settings};

/// What a group runs by: the attribute in the code, overlaid by configuration, with defaults for what neither sets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupConfig {
    /// How many workers.
    pub workers: usize,
    /// How many messages one worker runs at a time.
    pub slots: usize,
    /// How many messages are admitted, waiting and running together.
    pub max_concurrency: usize,
    /// The deadline of a call that brings none; for a stream, of its first item.
    pub timeout: Duration,
    /// The longest time between two items of a stream.
    pub idle_timeout: Duration,
    /// How many messages a replica should have.
    pub target: usize,
    /// Whether each worker has a thread of its own.
    pub dedicated_threads: bool,
    /// How long a constructor may take.
    pub start_limit: Duration,
    /// When a failed worker is started again.
    pub restart: RestartConfig,
}

/// When a failed worker is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RestartConfig {
    /// Which ends are followed by a restart.
    pub policy: RestartPolicy,
    /// How many restarts within `period` are tried before the group counts as failed.
    pub max_restarts: u32,
    /// The period of `max_restarts`.
    pub period: Duration,
    /// The first pause before a restart.
    pub backoff_min: Duration,
    /// The longest pause, and how long a worker has to be healthy for its failures to be forgotten.
    pub backoff_max: Duration,
}

/// The bound of a mailbox unless set.
pub const MAX_CONCURRENCY: usize = 1024;
/// The deadline of a call unless set: that of BentoML.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// How long a constructor may take unless set: loading a large model takes minutes.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(600);
/// The slots of a worker that awaits, unless set.
pub const ASYNC_SLOTS: usize = 64;

impl GroupConfig {
    /// Fills in the defaults. `arbiters` is how many shared arbiters there are: an async service has one worker on each
    /// unless its settings say otherwise, a compute service has one in all.
    #[must_use]
    pub fn resolve(description: &ServiceDescription, settings: &Settings, arbiters: usize) -> Self {
        let dedicated_threads = description.is_compute();
        let workers = settings.workers.unwrap_or(if dedicated_threads { 1 } else { arbiters }).max(1);
        let awaits = description.methods.iter().any(|method| !method.compute && method.kind != MethodKind::Batch);
        let slots = settings.slots.unwrap_or(if awaits { ASYNC_SLOTS } else { 1 }).max(1);
        let traffic = &settings.traffic;
        let timeout = traffic.timeout.unwrap_or(TIMEOUT);
        Self {
            workers,
            slots,
            max_concurrency: traffic.max_concurrency.unwrap_or(MAX_CONCURRENCY).max(1),
            timeout,
            idle_timeout: traffic.idle_timeout.unwrap_or(timeout),
            target: traffic.concurrency.or(traffic.max_concurrency).unwrap_or(workers * slots),
            dedicated_threads,
            start_limit: START_LIMIT,
            restart: RestartConfig::resolve(settings),
        }
    }
}

impl RestartConfig {
    fn resolve(settings: &Settings) -> Self {
        let restart = &settings.restart;
        Self {
            policy: restart.policy.unwrap_or_default(),
            max_restarts: restart.max_restarts.unwrap_or(3),
            period: restart.period.unwrap_or(Duration::from_secs(60)),
            backoff_min: restart.backoff_min.unwrap_or(Duration::from_millis(100)),
            backoff_max: restart.backoff_max.unwrap_or(Duration::from_secs(10)),
        }
    }
}
