//! The page of metrics, and what it is made from.

use std::sync::{Arc, OnceLock};

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use actix_web::{HttpRequest, HttpResponse};
use playhouse_actors::{Runtime, ServiceDescription, ServiceStats};

use super::meter::Meters;
use super::problem::Problem;
use super::state::Shared;
use crate::outbound::OutboundFigures;
use crate::tasks::Tasks;
use crate::telemetry::Tracing;
use crate::telemetry::metrics::{self, Format, HttpStats, Snapshot};

/// Where the page is.
pub(super) const PATH: &str = "/metrics";

/// What others count or decide, and the gateway shows or follows.
pub(crate) struct Seen {
    pub(crate) tracing: Tracing,
    /// What was called at URLs.
    pub(crate) outbound: Arc<OutboundFigures>,
}

/// Where figures come from.
pub(super) struct Figures {
    pub(super) meters: Meters,
    /// The services that there will be, with nothing counted yet: their series are there from the start.
    expected: Vec<ServiceStats>,
    /// Once the services are ready. Kept when no more calls are taken: what a drain does is of interest.
    runtime: OnceLock<Runtime>,
    /// Once there are some.
    tasks: OnceLock<Tasks>,
    pub(super) tracing: Tracing,
    outbound: Arc<OutboundFigures>,
}

impl Figures {
    pub(super) fn new(services: &[&ServiceDescription], threads: usize, seen: Seen) -> Self {
        metrics::started();
        let expected = services.iter().map(|description| {
            let mut stats = ServiceStats::new(description);
            stats.groups.starting = 1;
            stats
        });
        let (expected, runtime, tasks) = (expected.collect(), OnceLock::new(), OnceLock::new());
        let Seen { tracing, outbound } = seen;
        Self { meters: Meters::new(threads), expected, runtime, tasks, tracing, outbound }
    }

    /// From now on these services have figures.
    pub(super) fn watch(&self, runtime: &Runtime, tasks: Option<&Tasks>) {
        // There is one runtime in the life of a gateway.
        self.runtime.get_or_init(|| runtime.clone());
        if let Some(tasks) = tasks {
            self.tasks.get_or_init(|| tasks.clone());
        }
    }

    fn services(&self) -> Vec<ServiceStats> {
        self.runtime.get().map_or_else(|| self.expected.clone(), Runtime::stats)
    }
}

/// Answers a request for the page. It is written elsewhere than on the threads that answer calls.
pub(super) async fn answer(shared: &Arc<Shared>, request: &HttpRequest) -> HttpResponse {
    let format = format(request.headers());
    let shared = Arc::clone(shared);
    let page = tokio::task::spawn_blocking(move || snapshot(&shared).write(format)).await;
    match page {
        Ok(Ok(page)) => HttpResponse::Ok().insert_header((CONTENT_TYPE, format.content_type())).body(page),
        Ok(Err(error)) => Problem::internal(&error).to_response(),
        Err(error) => Problem::internal(&error).to_response(),
    }
}

fn format(headers: &HeaderMap) -> Format {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    Format::accepted(accept.unwrap_or_default())
}

fn snapshot(shared: &Shared) -> Snapshot {
    let figures = &shared.figures;
    Snapshot {
        services: figures.services(),
        routing: figures.runtime.get().map(Runtime::routing).unwrap_or_default(),
        tasks: figures.tasks.get().map(Tasks::counts).unwrap_or_default(),
        http: HttpStats {
            routes: figures.meters.stats(),
            in_flight: shared.requests(),
            connections: figures.meters.connections(),
        },
        outbound: figures.outbound.stats(),
        spans: figures.tracing.queue.stats(),
    }
}
