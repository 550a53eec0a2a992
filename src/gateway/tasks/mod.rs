//! The five routes of a task beside that of its method: `/submit`, `/status`, `/get`, `/retry`, `/cancel`.
//!
//! Paths, verbs and answers are those of BentoML, so that its client works. The work is done in `crate::tasks`.

mod action;
mod answers;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use playhouse_actors::MethodDescription;

pub(super) use self::action::Action;
pub(super) use self::answers::{Accepted, Status};
use super::body::Media;
use super::problem::Problem;
use super::state::{Phase, Seat};
use super::table::Entry;
use super::{body, reply};
use crate::tasks::{MethodName, Outcome, TaskError, TaskId, Tasks};

/// How long to wait where nothing better is known: a task ends now and then.
const RETRY_AFTER: Duration = Duration::from_secs(1);

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
pub(super) fn paths_below(path: &str, method: &MethodDescription) -> impl Iterator<Item = (String, Action)> {
    let actions = method.task.into_iter().flat_map(|_| Action::ALL);
    // A method at `/` has them at `/submit` and so on.
    actions.map(move |action| (format!("{}/{}", path.strip_suffix('/').unwrap_or(path), action.name()), action))
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
                Ok(HttpResponse::Ok().json(Accepted::canceled(id)))
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

fn accepted(id: TaskId) -> HttpResponse {
    HttpResponse::Ok().json(Accepted::new(id))
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
