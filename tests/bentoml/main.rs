//! An unmodified BentoML, from its own package, against this gateway.

#![allow(clippy::unwrap_used)]

mod client;
mod documents;
mod environment;
#[path = "../python/mod.rs"]
mod python;
mod server;
mod services;
