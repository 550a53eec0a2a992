//! What can go wrong with a call, and what its caller can do about it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The outcome of a call, and of a service's method when it fails with [`Error`] itself.
pub type CallResult<T> = std::result::Result<T, Error>;

/// Why a call failed, and the way it took: each service that the error passed on its way back.
///
/// One pointer wide, so that a `Result<T, Error>` costs its caller no more than its value.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Inner {
    kind: ErrorKind,
    /// The innermost service first.
    chain: Vec<Hop>,
    /// Whether a method had begun to run before the error came about, in any of the services it passed.
    began: bool,
}

/// The kinds of failure, by what the caller can do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The mailbox was full. Nothing ran: try again, not before `retry_after`.
    #[error("overloaded, try again in {} ms", retry_after.as_millis())]
    Overloaded {
        /// When a place is likely to be free again.
        retry_after: Duration,
    },
    /// The deadline passed. The work, if it had begun, was cancelled where it awaited.
    #[error("deadline exceeded")]
    DeadlineExceeded,
    /// The work was given up because somebody withdrew it: its caller, or a drain at its limit.
    #[error("cancelled")]
    Cancelled,
    /// No replica can take the call: none is known, or all have failed. Nothing ran.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// Why there is none.
        reason: String,
    },
    /// The call was proved not to have run. The runtime has tried other replicas already.
    #[error("not started: {reason}")]
    NotStarted {
        /// What kept it from starting.
        reason: String,
    },
    /// The connection or the worker was lost after the call was sent: it may have run.
    #[error("lost after sending, it may have run: {reason}")]
    MayHaveRun {
        /// What was lost.
        reason: String,
    },
    /// The method panicked. Its worker was replaced; whether anything changed is the method's affair.
    #[error("panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The replica finishes what it has and takes nothing new. Nothing ran.
    #[error("draining")]
    Draining,
    /// The input is not what the method takes: the same input never will be. Nothing ran, unless the error came from a
    /// dependency ([`Error::is_from_dependency`]): then it is that one's input which was wrong.
    #[error("{}{message}", field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default())]
    Rejected {
        /// The argument at fault, where one can be named.
        field: Option<String>,
        /// What was wrong and what was expected.
        message: String,
    },
    /// The caller may not do this. Nothing ran.
    #[error("unauthorized: {reason}")]
    Unauthorized {
        /// What was missing.
        reason: String,
    },
    /// The method returned an error of its own.
    #[error("{message}")]
    Service {
        /// A short name in the service's own terms, for programs to match on.
        code: String,
        /// For people.
        message: String,
        /// Anything more that the service wants to say.
        details: Option<String>,
    },
}

/// One service that an error passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The service's name.
    pub service: String,
    /// The method that was called.
    pub method: String,
    /// The replica that had the call.
    pub replica: String,
}

impl Error {
    /// An error that has not passed any service yet.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, chain: Vec::new(), began: false }))
    }

    /// An error of the service's own: `code` for programs, `message` for people.
    pub fn service(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Service { code: code.into(), message: message.into(), details: None })
    }

    /// Input that the method does not take: `field` is the argument at fault.
    pub fn rejected(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Rejected { field: Some(field.into()), message: message.into() })
    }

    /// Input that the method does not take, where no single argument is at fault.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Rejected { field: None, message: message.into() })
    }

    /// No replica can take the call.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable { reason: reason.into() })
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The services that the error passed, the innermost (where it arose) first.
    #[must_use]
    pub fn chain(&self) -> &[Hop] {
        &self.0.chain
    }

    /// Records that a service refused the call before its method began.
    #[must_use]
    pub fn refused_by(mut self, hop: Hop) -> Self {
        self.0.chain.push(hop);
        self
    }

    /// Records that a method of a service ended by this error: from here on it proves nothing about whether the work
    /// began, whatever its kind.
    #[must_use]
    pub fn returned_by(mut self, hop: Hop) -> Self {
        self.0.chain.push(hop);
        self.0.began = true;
        self
    }

    /// Whether the same call may succeed when it is made again, by whoever made it.
    ///
    /// Says nothing about whether it ran: see [`Error::proves_not_started`].
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Overloaded { .. }
                | ErrorKind::Unavailable { .. }
                | ErrorKind::NotStarted { .. }
                | ErrorKind::Draining
        )
    }

    /// Whether the called method certainly did not run, so that even a call that must not run twice can be made again.
    ///
    /// An error that the called method returned proves nothing, be it that of a dependency which did not begin.
    #[must_use]
    pub fn proves_not_started(&self) -> bool {
        let before_running = matches!(
            self.0.kind,
            ErrorKind::Overloaded { .. }
                | ErrorKind::Unavailable { .. }
                | ErrorKind::NotStarted { .. }
                | ErrorKind::Draining
                | ErrorKind::Rejected { .. }
                | ErrorKind::Unauthorized { .. }
        );
        before_running && !self.0.began
    }

    /// Whether the error arose behind the called service, in one that it calls.
    #[must_use]
    pub fn is_from_dependency(&self) -> bool {
        self.0.chain.len() > 1
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for hop in self.0.chain.iter().rev() {
            write!(f, "{hop}: ")?;
        }
        self.0.kind.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.0.kind).field("chain", &self.0.chain).finish()
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.service, self.method)
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(service: &str, method: &str) -> Hop {
        Hop { service: service.into(), method: method.into(), replica: "r1".into() }
    }

    #[test]
    fn the_message_names_each_service_from_the_outside_in() {
        let error = Error::service("no_such_species", "no species 7")
            .returned_by(hop("Names", "name"))
            .returned_by(hop("Iris", "classify"));
        assert_eq!(error.to_string(), "Iris.classify: Names.name: no species 7");
        assert!(error.is_from_dependency());
    }

    #[test]
    fn only_the_called_service_itself_can_prove_that_nothing_ran() {
        let overloaded = Error::new(ErrorKind::Overloaded { retry_after: Duration::from_millis(5) });
        let there = overloaded.refused_by(hop("Names", "name"));
        assert!(there.proves_not_started() && there.is_retryable());
        let behind = there.returned_by(hop("Iris", "classify"));
        assert!(!behind.proves_not_started() && behind.is_retryable());
    }

    #[test]
    fn a_rejection_names_its_field() {
        assert_eq!(Error::rejected("rows", "expected 4, got 3").to_string(), "rows: expected 4, got 3");
        assert_eq!(Error::malformed("not JSON").to_string(), "not JSON");
    }
}
