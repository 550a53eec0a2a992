//! The gateway, asked by HTTP: a node in this process, clients on real sockets.

#![allow(clippy::unwrap_used)]

mod answers;
mod cancelling;
mod draining;
mod failures;
mod limits;
mod meeting;
mod refusals;
mod server;
#[path = "../stage/mod.rs"]
mod stage;
mod starting;
mod streams;
