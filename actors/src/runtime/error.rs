//! Why services did not start.

use std::time::Duration;

use crate::bindings::BindingError;
use crate::graph::GraphError;
use crate::supervision::GroupFailure;

/// Why services did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The services do not fit together.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A service's workers failed more often than its restart settings allow.
    #[error("{service} did not start: {}", failure.reason)]
    Failed {
        /// Which one.
        service: String,
        /// Why.
        failure: GroupFailure,
    },
    /// A service was not ready in time.
    #[error("{service} was not ready within {limit:?}")]
    Late {
        /// Which one.
        service: String,
        /// The limit.
        limit: Duration,
    },
    /// A service was stopped before it was ready.
    #[error("{service} was stopped before it was ready")]
    Stopped {
        /// Which one.
        service: String,
    },
    /// Settings or configuration were given for a service that does not run here.
    #[error("there is no service {service} to set anything for, only {known}")]
    Unknown {
        /// The name that was given.
        service: String,
        /// The services that run here.
        known: String,
    },
    /// Dependencies that cannot be bound to their URLs.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Bindings(Vec<BindingError>),
    /// A URL was given for a parameter that is bound to none in the code.
    #[error("{service} has no parameter {parameter} with `#[depends(url = ..)]`: {}", known_parameters(known))]
    UnknownBinding {
        /// The service.
        service: String,
        /// The name that was given.
        parameter: String,
        /// The parameters of that service which are bound to URLs.
        known: String,
    },
    /// The control thread is gone.
    #[error("the control thread has ended")]
    NoControl,
}

fn known_parameters(known: &str) -> String {
    if known.is_empty() { "it has none".into() } else { format!("it has {known}") }
}
