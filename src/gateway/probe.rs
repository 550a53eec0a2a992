//! Whether the process lives, and whether it can be sent calls.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, SERVER};
use playhouse_actors::{Dependency, GroupStatus, RunningGroup};
use serde::Serialize;

use super::figures;
use super::problem::Problem;
use super::state::Phase;

pub(super) const PATHS: [&str; 4] = ["/livez", "/readyz", "/healthz", figures::PATH];

/// Whether a path is one of the probes.
pub(super) fn is_one(path: &str) -> bool {
    PATHS.contains(&path)
}

/// Whether a path is for those who watch over the process, and needs no token.
pub(super) fn is_open(path: &str) -> bool {
    is_one(path) && path != figures::PATH
}

/// Answers a probe; `None` if the path is none. The page of metrics is for `figures` to answer.
///
/// `/livez` says that this thread runs, `/readyz` whether calls should be sent here, `/healthz` how each group fares.
/// `/<Service>/readyz` is for one service: BentoML's clients ask there when a service's path is what they were given.
pub(super) fn answer(path: &str, phase: &Phase) -> Option<HttpResponse> {
    let mut answer = look(path, phase)?;
    // By this another Playhouse knows that it can speak to us in more than BentoML's words.
    answer.headers_mut().insert(SERVER, HeaderValue::from_static(concat!("playhouse/", env!("CARGO_PKG_VERSION"))));
    Some(answer)
}

fn look(path: &str, phase: &Phase) -> Option<HttpResponse> {
    match path {
        "/livez" => Some(HttpResponse::Ok().content_type("text/plain").body("ok\n")),
        "/readyz" => Some(ready(phase, None)),
        "/healthz" => Some(HttpResponse::Ok().json(Health::of(phase))),
        _ => {
            let service = path.strip_prefix('/')?.strip_suffix("/readyz")?;
            let is_known = matches!(phase, Phase::Up(table) if table.service(service).is_some());
            is_known.then(|| ready(phase, Some(service)))
        }
    }
}

/// Whether all services are ready, or the one that is asked for.
fn ready(phase: &Phase, only: Option<&str>) -> HttpResponse {
    let mut groups = match phase {
        Phase::Starting => return Problem::starting().to_response(),
        Phase::Draining => return Problem::draining().to_response(),
        Phase::Up(table) => table.runtime.groups(),
    };
    groups.retain(|running| only.is_none_or(|only| running.group().service() == only));
    let unready = unready(&groups);
    if unready.is_empty() {
        return HttpResponse::Ok().content_type("text/plain").body("ok\n");
    }
    let message = format!("not ready: {}", unready.join("; "));
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message).to_response()
}

/// The services none of whose groups is ready, with the reason.
fn unready(groups: &[RunningGroup]) -> Vec<String> {
    let is_ready = |service: &str| groups.iter().any(|other| other.group().service() == service && other.is_ready());
    let mut unready: Vec<String> = Vec::new();
    for running in groups {
        let service = running.group().service();
        if !is_ready(service) {
            unready.push(format!("{service} ({})", GroupHealth::of(running).why()));
        }
        unready.extend(missing(running));
    }
    unready
}

/// The dependencies of a group that cannot be called, with the reason: calls are better sent to a process that can.
/// What is told was found out before: nobody is asked here.
fn missing(running: &RunningGroup) -> impl Iterator<Item = String> {
    running.dependencies().iter().filter_map(|dependency| {
        let service = running.group().service();
        let trouble = dependency.trouble()?;
        Some(format!("{service} (its dependency {} at {}: {trouble})", dependency.parameter(), dependency.url()))
    })
}

#[derive(Serialize)]
struct Health {
    phase: &'static str,
    groups: Vec<GroupHealth>,
}

#[derive(Serialize)]
struct GroupHealth {
    service: &'static str,
    replica: String,
    status: &'static str,
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<DependencyHealth>,
}

/// A dependency that is bound to a URL.
#[derive(Serialize)]
struct DependencyHealth {
    parameter: &'static str,
    url: String,
    /// Why it cannot be called, if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

impl Health {
    fn of(phase: &Phase) -> Self {
        let (phase, groups) = match phase {
            Phase::Starting => ("starting", Vec::new()),
            Phase::Draining => ("draining", Vec::new()),
            Phase::Up(table) => ("up", table.runtime.groups()),
        };
        Self { phase, groups: groups.iter().map(GroupHealth::of).collect() }
    }
}

impl DependencyHealth {
    fn of(dependency: &Dependency) -> Self {
        let trouble = dependency.trouble().map(|trouble| trouble.to_string());
        Self { parameter: dependency.parameter(), url: dependency.url().to_owned(), trouble }
    }
}

impl GroupHealth {
    fn of(running: &RunningGroup) -> Self {
        let (status, reason) = match running.status() {
            GroupStatus::Starting => ("starting", None),
            GroupStatus::Up => ("up", None),
            GroupStatus::Failed(failure) => ("failed", Some(failure.reason.to_string())),
            _ => ("stopped", None),
        };
        let group = running.group();
        let (service, replica) = (group.service(), group.replica().to_string());
        let dependencies = running.dependencies().iter().map(DependencyHealth::of).collect();
        Self { service, replica, status, ready: running.is_ready(), reason, dependencies }
    }

    fn why(self) -> String {
        self.reason.unwrap_or_else(|| self.status.into())
    }
}
