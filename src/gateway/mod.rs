//! The HTTP side of a process: finds the method that a path names, forwards the body, and answers.
//!
//! It knows services only by their descriptions: bodies pass through as bytes. It runs on the arbiters of the workers,
//! so that a request, the router and a worker that awaits are on one thread.
//!
//! What a small request may cost: HTTP itself is ~10 us of one core, a local call 1 to 2 us. The path from one to the
//! other therefore has one look-up, no middleware, no task and no timer of its own.
//!
//! In the order of a request: `server` (connections), `handler`, `path`, `state` and `table` (which method), `value` (what it
//! takes and gives), `body` (what was sent), `reply` (what is answered, once or by a stream), `problem` (what went wrong).
//! `probe`, `index` and `figures` answer GET. `visit` counts each request with its `meter`; one that belongs to a
//! trace is `traced`.

mod body;
mod config;
mod error;
mod figures;
mod handler;
mod index;
mod meter;
mod path;
mod probe;
mod problem;
mod reply;
mod server;
mod state;
mod table;
mod traced;
mod value;
mod visit;

#[cfg(any(test, feature = "testing"))]
pub use body::multipart_survives;
pub use config::GatewayConfig;
pub(crate) use config::{HOST, MAX_BODY, PORT};
pub use error::GatewayError;
pub(crate) use server::Gateway;
