//! Services as supervised groups of actors, in one process.
//!
//! A service is a type whose methods are called by messages. It runs as a [`Group`]: identical workers behind one
//! bounded mailbox, under a supervisor. Callers hold a [`Client`]; a [`Runtime`] starts the services in the order of
//! their dependencies and drains them in reverse. Nothing here opens a socket: a replica in another process is whatever
//! implements [`Remote`].
//!
//! Modules in the order in which a message passes them: `client`, `call`, `router`, `group` (mailbox, pump, running),
//! `method`, and back.

#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate self as playhouse_actors;

// What a message and a service are.
mod body;
pub mod bytes;
mod depends;
mod description;
mod endpoint;
mod error;
mod failure;
mod file;
mod form;
mod id;
mod inject;
mod message;
mod method;
mod outcome;
mod raw;
mod service;
mod split;
pub mod tensor;
mod trace;

// The caller's side.
mod any_client;
mod call;
mod client;
mod context;
mod deadline;
mod remote;
mod request;
mod router;
mod stream;

// The service's side.
mod batch;
mod definition;
mod executor;
mod group;
mod panic;
mod supervision;

// Both together.
mod bindings;
mod builder;
mod graph;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod properties;
mod runtime;
mod served;
#[cfg(feature = "testing")]
pub mod testing;

pub use any_client::AnyClient;
pub use batch::{BatchPolicy, Batcher, Decision, Waiting};
pub use bindings::{BindingError, Dependency};
pub use body::{Body, Codec, Encoded, Typed};
pub use builder::Builder;
pub use bytes::Bytes;
pub use client::{Client, Items, ServiceClient};
pub use context::CallContext;
pub use definition::Definition;
pub use depends::{ConnectError, Connector, Depends, Interface};
pub use description::{
    MethodDescription, MethodKind, Requirement, RequirementKind, Resources, Restart, RestartPolicy, ServiceDescription,
    Settings, TaskOptions, Traffic,
};
pub use endpoint::{Endpoint, TokenSource, TokenSourceError};
pub use error::{CallResult, Error, ErrorKind, Hop};
pub use executor::{Arbiters, Executor};
pub use failure::{Failure, INTERNAL, Result};
pub use file::File;
pub use form::{Form, Part, PartValue};
pub use graph::GraphError;
pub use group::{
    ASYNC_SLOTS, BATCH_BOUNDS, Group, GroupConfig, GroupStats, Histogram, HistogramStats, MAX_CONCURRENCY, MethodStats,
    RestartConfig, ServiceStats, StatusCounts, TIME_BOUNDS, TIMEOUT,
};
pub use id::ReplicaId;
pub use inject::{Config, InitContext, Inject, Provisions, WorkerIndex};
pub use message::{Message, Streaming, Unary, Value};
pub use method::{BatchOptions, ItemSink, MethodOptions, Methods};
pub use outcome::CallOutcome;
pub use playhouse_macros::service;
pub use raw::{Raw, RawHead};
pub use remote::{Offered, Remote, RemoteRequest};
pub use request::{CallTiming, Caller, Context, Cookie, Headers, Origin, RequestHead, ResponseHead};
pub use router::{Distance, Field, Route, RouteStats, Routes, decide};
pub use runtime::{Drained, RunningGroup, Runtime, StartError};
pub use served::{Answering, Beginning, Inbound, Served};
pub use service::Service;
pub use supervision::{GroupFailure, GroupStatus};
pub use tensor::{DType, Dim, Tensor, TensorError, TensorSpec};
pub use trace::{SPANS, SpanId, TraceContext, TraceId};

/// What the code that `#[service]` writes needs. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use futures_core::Stream;
    pub use schemars;
    pub use serde;
}
