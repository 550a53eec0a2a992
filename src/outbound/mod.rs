//! Calling out: services at URLs, answered by another Playhouse gateway or by BentoML.
//!
//! It implements two seams of the runtime: `Connector` makes a way to a URL, `Remote` is that way. What is decided, is
//! decided in pure code: what a peer offers (`contract`) and whether it fits (`fit`), what its errors mean (`problem`),
//! where the items of a stream end (`items`), whether a call is tried again (`retry`). `reach` is the
//! door through which everything leaves, `transport` the only file that makes connections, `trust` whose certificates are
//! believed.
//!
//! **Whose threads.** Connections are pooled by thread: a call is made on the connections of the thread it is on, and that
//! thread drives them. A connection of another thread costs two wake-ups, 100 us in all, more than the rest of a call;
//! it stands still while a method there computes, and ends in the middle of calls when that thread does. With HTTP/1.1
//! each call in flight has a connection of its own anyway, so all that this costs is that each thread has idle ones.
//!
//! **Why HTTP/1.1, also to those who would speak HTTP/2.** A call that is dropped must end over there. Its connection is
//! closed, and every server understands that. With HTTP/2 it would be a stream that is reset, and servers that run each
//! request as a task of its own do not see it before they answer: actix-web is one, and so our own gateway.
//!
//! **What proves that nothing ran.** A connection that could not be made, and one that was found closed before the
//! request was put on it, are `NotStarted`; after that it is `MayHaveRun`. An idle connection is given up after 4 s, before
//! uvicorn's 5 s, so that the peer rarely closes one under a request; a call that loses that race is made again where its
//! method is `idempotent`.
//!
//! **Who is asked when.** A peer is asked for its schema when it is met for the first time: at the start, if it is
//! there. One task for each peer, on the control thread, looks after it from then on and notes what it finds; calls note
//! when a peer is lost, and health checks read the notes.

mod address;
mod call;
mod connector;
mod contract;
mod counted;
mod figures;
mod fit;

mod items;
mod leaving;
mod meeting;
mod multipart;
mod peer;
mod problem;
mod reach;
mod reply;
mod request;
mod retry;
mod stream;
mod token;
mod transport;
mod trust;
mod watch;

pub(crate) use connector::{HttpConnector, OutboundConfig};
pub(crate) use figures::OutboundFigures;
pub use trust::AuthoritiesError;
