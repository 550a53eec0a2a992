//! Playhouse: services in Rust as supervised groups of actors, called by typed messages and by HTTP.
//!
//! A service is a plain `impl` block with typed methods. [`App`] makes a program of services, with a command line;
//! [`Node`] runs them inside a program of one's own.
//!
//! ```no_run
//! use playhouse::prelude::*;
//!
//! /// Greets people by name.
//! pub struct Greeter;
//!
//! #[service]
//! impl Greeter {
//!     #[init]
//!     fn new() -> Self {
//!         Greeter
//!     }
//!
//!     /// Says hello to `name`.
//!     #[api]
//!     async fn greet(&self, name: String) -> Result<String> {
//!         Ok(format!("Hello, {name}!"))
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     App::new().service::<Greeter>().main()
//! }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate self as playhouse;

// What a program is made of.
mod app;
mod gateway;
pub mod model;
mod node;
mod outbound;
mod tasks;
pub mod telemetry;

// How it is told what to do.
#[doc(hidden)]
pub mod cli;
mod config;
mod nearest;

pub use app::App;
pub use gateway::{Cors, GatewayConfig, GatewayError, Tokens, http};
pub use node::{Node, NodeBuilder, NodeError};
pub use outbound::AuthoritiesError;
pub use tasks::{TaskConfig, TaskCounts, TaskStoreError};

// The layer below, by which everything can be written by hand: all of it, as its own `lib.rs` lists it.
#[doc(inline)]
pub use playhouse_actors::*;
pub use playhouse_cluster::{Address, Cluster, ClusterConfig, Discovery, NodeId, PeerState, PeerStatus, StaticPeers};

#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub use gateway::multipart_survives;

/// What a service and its program need: `use playhouse::prelude::*;`.
pub mod prelude {
    #[doc(no_inline)]
    pub use futures_core::Stream;

    #[doc(no_inline)]
    pub use crate::model::{CandleExt, Device, Mlp, ModelFiles};
    #[doc(no_inline)]
    pub use crate::{
        AnyClient, App, Bytes, Config, Context, Error, ErrorKind, File, Items, Node, Result, ServiceClient, Tensor,
        WorkerIndex, service,
    };
}
