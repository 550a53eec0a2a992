//! The five routes of a task beside that of its method: `/submit`, `/status`, `/get`, `/retry`, `/cancel`.
//!
//! Paths, verbs and answers are those of BentoML, so that its client works. The work is done in `crate::tasks`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use playhouse_actors::MethodDescription;
use serde::Serialize;

use super::body::Media;
use super::problem::Problem;
use super::state::{Phase, Seat};
use super::table::Entry;
use super::{body, reply};
use crate::tasks::{MethodName, Outcome, Record, State, TaskError, TaskId, Tasks};

/// How long to wait where nothing better is known: a task ends now and then.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What can be asked of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Submit,
    Status,
    Get,
    Retry,
    Cancel,
}

impl Action {
    const ALL: [(&'static str, Self); 5] = [
        ("submit", Self::Submit),
        ("status", Self::Status),
        ("get", Self::Get),
        ("retry", Self::Retry),
        ("cancel", Self::Cancel),
    ];

    /// Its name at the end of a path.
    fn of(path: &str) -> Option<Self> {
        let (_, last) = path.rsplit_once('/')?;
        Self::ALL.into_iter().find(|(name, _)| *name == last).map(|(_, action)| action)
    }

    fn allowed(self) -> &'static str {
        match self {
            Self::Submit | Self::Retry => "POST",
            Self::Status | Self::Get => "GET, HEAD",
            Self::Cancel => "PUT",
        }
    }

    fn allows(self, method: &Method) -> bool {
        self.allowed().split(", ").any(|allowed| allowed == method.as_str())
    }
}

/// What can be asked of tasks, by path.
#[derive(Default)]
pub(super) struct Routes {
    paths: HashMap<Box<str>, (Arc<Route>, Action)>,
    tasks: Option<Tasks>,
}

/// A task method.
struct Route {
    entry: Arc<Entry>,
    method: Arc<MethodName>,
}

impl Routes {
    pub(super) fn new(tasks: Option<Tasks>) -> Self {
        Self { paths: HashMap::new(), tasks }
    }

    /// Adds the routes of a method below one of its paths, if it is a task.
    pub(super) fn add(&mut self, path: &str, entry: &Arc<Entry>, service: &str, method: &MethodDescription) {
        let route = Arc::new(Route { entry: Arc::clone(entry), method: MethodName::new(service, method.name) });
        for (path, action) in paths_below(path, method) {
            self.paths.insert(path.into(), (Arc::clone(&route), action));
        }
    }

    /// All of their paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.keys().map(AsRef::as_ref)
    }
}

/// The paths of the actions below a path of a method, if it is a task.
fn paths_below(path: &str, method: &MethodDescription) -> impl Iterator<Item = (String, Action)> {
    let actions = method.task.into_iter().flat_map(|_| Action::ALL);
    // A method at `/` has them at `/submit` and so on.
    actions.map(move |(name, action)| (format!("{}/{name}", path.strip_suffix('/').unwrap_or(path)), action))
}

/// The paths that a task takes beside its own.
pub(super) fn taken(path: &str, method: &MethodDescription) -> impl Iterator<Item = String> {
    paths_below(path, method).map(|(path, _)| path)
}

/// What a request asks of a task.
pub(super) struct Asked {
    route: Arc<Route>,
    action: Action,
    tasks: Option<Tasks>,
}

/// What a path asks of a task; `None` if it is no such path, or that of a method.
pub(super) fn asked(seat: &Seat, path: &str) -> Option<Asked> {
    let path = path.strip_suffix('/').unwrap_or(path);
    // Most paths end here.
    Action::of(path)?;
    match &*seat.shared.phase() {
        Phase::Up(table) if table.get(path).is_none() => {
            let (route, action) = table.tasks.paths.get(path)?.clone();
            Some(Asked { route, action, tasks: table.tasks.tasks.clone() })
        }
        _ => None,
    }
}

impl Asked {
    /// Answers the request.
    pub(super) async fn answer(
        self,
        seat: &Seat,
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<HttpResponse, Problem> {
        if !self.action.allows(request.method()) {
            return Err(Problem::wrong_verb(request.method(), request.path(), self.action.allowed()));
        }
        let Some(tasks) = &self.tasks else {
            return Err(Problem::from(TaskError::NotOffered(Arc::clone(&self.route.method))));
        };
        // Apart, because every request would set room aside for it.
        Box::pin(self.act(tasks, seat, request, payload)).await
    }

    async fn act(
        &self,
        tasks: &Tasks,
        seat: &Seat,
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<HttpResponse, Problem> {
        let method = &*self.route.method;
        match self.action {
            Action::Submit => submit(seat, request, payload, &self.route, tasks).await,
            Action::Status => Ok(HttpResponse::Ok().json(Status::of(&*tasks.status(method, id(request)?)?))),
            Action::Get => get(request, tasks.outcome(method, id(request)?).await?).await,
            Action::Retry => Ok(accepted(tasks.retry(method, id(request)?).await?)),
            Action::Cancel => {
                let id = tasks.cancel(method, id(request)?).await?;
                Ok(HttpResponse::Ok().json(Accepted { task_id: id.to_string(), status: State::Canceled.name() }))
            }
        }
    }
}

/// Takes a task. What its method would not take is refused here, and not when somebody asks for its result.
async fn submit(
    seat: &Seat,
    request: &HttpRequest,
    payload: &mut Payload,
    route: &Route,
    tasks: &Tasks,
) -> Result<HttpResponse, Problem> {
    let headers = request.headers();
    let (entry, media) = (&route.entry, Media::of(headers));
    // As a plain call would be answered: whoever fetches the result says no more about it.
    let codec = reply::codec(entry.gives, media, headers)?;
    let body = body::read(entry.takes, media, headers, payload, &seat.shared.config.limits).await?;
    entry.client.check(entry.method, &body)?;
    Ok(accepted(tasks.submit(&route.method, body, codec).await?))
}

async fn get(request: &HttpRequest, outcome: Outcome) -> Result<HttpResponse, Problem> {
    match outcome {
        Outcome::Reply(reply) => reply::respond(request.headers(), reply).await,
        Outcome::Error(error) => Err(Problem::from(error)),
    }
}

/// BentoML says of every task that it takes that it is in progress, and so do we.
fn accepted(id: TaskId) -> HttpResponse {
    HttpResponse::Ok().json(Accepted { task_id: id.to_string(), status: State::InProgress.name() })
}

/// The task that a request asks for.
fn id(request: &HttpRequest) -> Result<TaskId, Problem> {
    let parameters = request.query_string().split('&').filter_map(|parameter| parameter.split_once('='));
    let given = parameters.into_iter().find(|(name, _)| *name == "task_id").map(|(_, id)| id);
    let Some(given) = given.filter(|id| !id.is_empty()) else {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "no_task_id", "task_id is required"));
    };
    // What is no id is nobody's.
    given.parse().map_err(|_| Problem::from(TaskError::NotFound))
}

#[derive(Serialize)]
struct Accepted {
    task_id: String,
    status: &'static str,
}

#[derive(Serialize)]
struct Status {
    task_id: String,
    status: &'static str,
    created_at: String,
    executed_at: Option<String>,
    finished_at: Option<String>,
}

impl Status {
    fn of(record: &Record) -> Self {
        Self {
            task_id: record.id.to_string(),
            status: record.state.name(),
            created_at: record.created_at.to_string(),
            executed_at: record.executed_at.map(|moment| moment.to_string()),
            finished_at: record.finished_at.map(|moment| moment.to_string()),
        }
    }
}

impl From<TaskError> for Problem {
    fn from(error: TaskError) -> Self {
        let plain = |status, kind| Self::new(status, kind, error.to_string());
        match &error {
            TaskError::NotFound => plain(StatusCode::NOT_FOUND, "not_found"),
            TaskError::NotEnded(_) => plain(StatusCode::BAD_REQUEST, "not_completed"),
            TaskError::HasEnded { .. } => plain(StatusCode::BAD_REQUEST, "has_ended"),
            TaskError::Canceled(_) => plain(StatusCode::BAD_REQUEST, "canceled"),
            TaskError::TooMany { .. } | TaskError::Busy => {
                plain(StatusCode::TOO_MANY_REQUESTS, "overloaded").retry_after(RETRY_AFTER)
            }
            TaskError::Full(_) => plain(StatusCode::INSUFFICIENT_STORAGE, "store_full"),
            TaskError::NotOffered(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            TaskError::Ending => Self::draining(),
            TaskError::Store(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "store_failed").retry_after(RETRY_AFTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_verb() {
        let table = [
            ("/train/submit", Some(Action::Submit), "POST"),
            ("/Trainer/train/status", Some(Action::Status), "GET, HEAD"),
            ("/train/get", Some(Action::Get), "GET, HEAD"),
            ("/train/retry", Some(Action::Retry), "POST"),
            ("/train/cancel", Some(Action::Cancel), "PUT"),
            ("/train", None, ""),
            ("/train/submitted", None, ""),
            ("submit", None, ""),
        ];
        for (path, action, allowed) in table {
            assert_eq!(Action::of(path), action, "{path}");
            assert_eq!(action.map_or("", Action::allowed), allowed, "{path}");
        }
        assert!(Action::Get.allows(&Method::HEAD) && !Action::Get.allows(&Method::PUT));
    }
}
