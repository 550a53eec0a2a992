//! What one thread answers with: the services, and beside them the user's own paths.

use std::sync::Arc;

use actix_http::Request;
use actix_service::{IntoServiceFactory as _, ServiceFactory, fn_service};
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpResponse, web};

use super::exchange::Exchange;
use super::problem::Problem;
use super::routes::Routes;
use super::state::Seat;
use super::visit::Visit;
use super::{context, visit};

/// All that one thread answers. Without own paths there is nothing to choose from: one service takes every request.
pub(super) fn application(
    seat: &Arc<Seat>,
) -> impl ServiceFactory<Request, Config = AppConfig, Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
+ use<> {
    let services = Arc::clone(seat);
    let app = App::new().default_service(fn_service(move |request: ServiceRequest| {
        let seat = Arc::clone(&services);
        async move {
            let (request, payload) = request.into_parts();
            let response = visit::answer(seat, &request, payload).await;
            Ok::<_, Error>(ServiceResponse::new(request, response))
        }
    }));
    let app = seat.shared.config.routes.iter().fold(app, |app, routes| app.service(scope(seat, routes)));
    app.into_factory()
}

/// The own paths below one prefix.
fn scope(seat: &Arc<Seat>, routes: &Routes) -> impl actix_web::dev::HttpServiceFactory + use<> {
    let configure = Arc::clone(&routes.configure);
    let seat = Arc::clone(seat);
    let below: Arc<str> = routes.below().into();
    web::scope(&routes.prefix)
        .app_data(Arc::clone(&seat.shared))
        .default_service(web::to(nothing_there))
        .configure(move |config| configure(config))
        .wrap(from_fn(move |request, next| beside(Arc::clone(&seat), Arc::clone(&below), request, next)))
}

/// Answers a request for an own path, with what holds for every request.
async fn beside(
    seat: Arc<Seat>,
    below: Arc<str>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let _in_flight = seat.enter();
    let visit = Visit::begin(&seat, &below);
    let config = &seat.shared.config;
    let exchange = Exchange::begin(config, request.request());
    if let Some(answer) = exchange.turned_away(config, request.request()) {
        let answer = exchange.finish(config, answer.unwrap_or_else(|problem| problem.to_response()));
        return Ok(request.into_response(visit.follow(answer)));
    }
    let context = context::of_own_path(&exchange, request.request());
    match context.scope(next.call(request)).await {
        Ok(response) => {
            let (request, response) = response.into_parts();
            Ok(ServiceResponse::new(request, visit.follow(exchange.finish(config, response))))
        }
        // Middleware of the user's has answered by an error: the request is gone with it.
        Err(error) => {
            let answer = visit.follow(exchange.finish(config, error.error_response()));
            Err(InternalError::from_response(error, answer).into())
        }
    }
}

async fn nothing_there(request: actix_web::HttpRequest) -> HttpResponse {
    let message = format!("nothing answers at {}", request.path());
    Problem::new(StatusCode::NOT_FOUND, "not_found", message).to_response()
}
