//! The HTTP side of a process: finds the method that a path names, forwards the body, and answers.
//!
//! It knows services only by their descriptions: bodies pass through as bytes. It runs on the arbiters of the workers,
//! so that a request, the router and a worker that awaits are on one thread.
//!
//! What a small request may cost: HTTP itself is ~10 us of one core, a local call 1 to 2 us. The path from one to the
//! other therefore has one look-up, no middleware, no task and no timer of its own.
//!
//! In the order of a request: `server`, `tls` and `connection`, `application` (what answers on a thread), `visit` (counts it
//! with its `meter`), `exchange` (what holds for every request: `request_id`, `cors`, `tokens`, `access_log`), `handler`,
//! `path`, `state` and `table` (which method), `value` (what it takes and gives), `context` (what it is told of the request),
//! `body` (what was sent), `reply` (what is answered, once or by a stream), `problem` (what went wrong). `probe`, `index`,
//! `documents` and `figures` answer GET, `tasks` what is asked of methods that were submitted, `routes` and `http` are for the
//! user's own paths. A request that belongs to a trace is `traced`.

mod access_log;
mod application;
mod asking;
mod bare;
mod body;
mod config;
mod connection;
mod context;
mod cors;
mod documents;
mod error;
mod exchange;
mod figures;
mod handler;
pub mod http;
mod index;
mod meter;
mod open_files;
mod owed;
mod path;
mod probe;
mod problem;
mod renewal;
mod reply;
mod request_id;
mod routes;
mod server;
mod state;
mod table;
mod tasks;
mod tls;
mod tokens;
mod traced;
mod value;
mod visit;

#[cfg(any(test, feature = "testing"))]
pub use body::multipart_survives;
pub use config::GatewayConfig;
pub use cors::Cors;
pub use error::GatewayError;
pub(crate) use figures::Seen;
pub(crate) use server::Gateway;
pub use tokens::Tokens;
