//! Calling out: clients that are bound to URLs, and whoever answers there.

#![allow(clippy::unwrap_used)]

#[path = "../stage/authority.rs"]
mod authority;
mod away;
mod bentoml;
mod figures;
mod interface;
#[path = "../gateway/meeting.rs"]
mod meeting;
mod nasty;
mod playhouse_peer;
#[path = "../python/mod.rs"]
mod python;
mod schemas;
mod scripted;
mod secure;
#[path = "../stage/mod.rs"]
mod stage;
mod streams;
mod tokens;
