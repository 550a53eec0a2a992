//! The gateway, asked by HTTP: a node in this process, clients on real sockets.

#![allow(clippy::unwrap_used)]

mod answers;
mod board;
mod cancelling;
mod connections;
mod contexts;
mod documents;
mod doors;
mod draining;
mod encodings;
mod failures;
mod formats;
mod forms;
#[path = "../stage/jobs.rs"]
mod jobs;
mod limits;
mod meeting;
mod metrics;
mod page;
mod refusals;
mod routes;
mod server;
#[path = "../stage/mod.rs"]
mod stage;
mod starting;
mod streams;
mod tasks;
mod tls;
