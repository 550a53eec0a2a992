//! Own paths beside those of the services: handlers, scopes and middleware of actix-web, with clients at hand.
//!
//! ```
//! use playhouse::http::{self, web};
//! use playhouse::prelude::*;
//!
//! pub struct Greeter;
//!
//! #[service]
//! impl Greeter {
//!     #[init]
//!     fn new() -> Self {
//!         Greeter
//!     }
//!
//!     #[api]
//!     async fn greet(&self, name: String) -> Result<String> {
//!         Ok(format!("Hello, {name}!"))
//!     }
//! }
//!
//! async fn page(greeter: http::Client<GreeterClient>, name: web::Path<String>) -> Result<String, http::Error> {
//!     Ok(greeter.greet(name.into_inner()).await?)
//! }
//!
//! # fn main() {
//! let app = App::new().service::<Greeter>().routes("/pages", |routes| {
//!     routes.route("/{name}", web::get().to(page));
//! });
//! # drop(app);
//! # }
//! ```
//!
//! Such paths have what those of services have: request ids, tokens, CORS, the access log. Middleware of actix-web goes on
//! a scope: `routes.service(web::scope("").wrap(..).route(..))`.

use std::fmt;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, ResponseError};
pub use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, Responder, Route, Scope, body, dev, guard,
    http as types, middleware, web,
};
use playhouse_actors::ServiceClient;

use super::problem::Problem;
use super::state::{Phase, Shared};

/// The client of a service, as a parameter of a handler. Until the services are ready the handler is not called: the
/// answer is 503, as for a call.
///
/// What it calls has the request's headers and id in its context, and the timeout of the called service.
#[derive(Clone)]
pub struct Client<C>(pub C);

impl<C> Deref for Client<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}

impl<C: ServiceClient> FromRequest for Client<C> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(client(request).map(Self))
    }
}

fn client<C: ServiceClient>(request: &HttpRequest) -> Result<C, Error> {
    let shared = request.app_data::<Arc<Shared>>().expect("the gateway gives it to all own paths");
    match &*shared.phase() {
        Phase::Starting => Err(Error(Problem::starting())),
        Phase::Draining => Err(Error(Problem::draining())),
        Phase::Up(table) => Ok(table.runtime.client::<C>()?),
    }
}

/// An answer that says what went wrong: `{"error": ..}` with its status, as methods of services give it. Made by `?` from
/// the errors of calls.
#[derive(Debug)]
pub struct Error(pub(super) Problem);

impl Error {
    /// An error with a status such as 403, a word for programs and a sentence for people.
    ///
    /// # Panics
    /// When the status is not between 400 and 599.
    #[must_use]
    pub fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        assert!((400..600).contains(&status), "{status} is not the status of an error");
        Self(Problem::new(StatusCode::from_u16(status).expect("three digits"), kind, message))
    }
}

impl From<playhouse_actors::Error> for Error {
    fn from(error: playhouse_actors::Error) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.message())
    }
}

impl std::error::Error for Error {}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.0.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.0.to_response()
    }
}
