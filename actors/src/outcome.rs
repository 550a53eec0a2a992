//! How calls end, as a closed set: what figures are kept by.

use crate::error::{CallResult, ErrorKind};

/// How a call ended: well, or by which kind of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallOutcome {
    /// With a result.
    Ok,
    /// By [`ErrorKind::Overloaded`].
    Overloaded,
    /// By [`ErrorKind::DeadlineExceeded`].
    DeadlineExceeded,
    /// By [`ErrorKind::Cancelled`], or because its caller withdrew it.
    Cancelled,
    /// By [`ErrorKind::Unavailable`].
    Unavailable,
    /// By [`ErrorKind::NotStarted`].
    NotStarted,
    /// By [`ErrorKind::MayHaveRun`].
    MayHaveRun,
    /// By [`ErrorKind::Panicked`].
    Panicked,
    /// By [`ErrorKind::Draining`].
    Draining,
    /// By [`ErrorKind::Rejected`].
    Rejected,
    /// By [`ErrorKind::Unauthorized`].
    Unauthorized,
    /// By [`ErrorKind::Service`]: the method's own error.
    Service,
}

impl CallOutcome {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Ok,
        Self::Overloaded,
        Self::DeadlineExceeded,
        Self::Cancelled,
        Self::Unavailable,
        Self::NotStarted,
        Self::MayHaveRun,
        Self::Panicked,
        Self::Draining,
        Self::Rejected,
        Self::Unauthorized,
        Self::Service,
    ];

    /// The outcome of a call with this result.
    #[must_use]
    pub fn of<T>(result: &CallResult<T>) -> Self {
        result.as_ref().err().map_or(Self::Ok, |error| Self::from(error.kind()))
    }

    /// Its name, as metrics and spans have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Overloaded => "overloaded",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Cancelled => "cancelled",
            Self::Unavailable => "unavailable",
            Self::NotStarted => "not_started",
            Self::MayHaveRun => "may_have_run",
            Self::Panicked => "panicked",
            Self::Draining => "draining",
            Self::Rejected => "rejected",
            Self::Unauthorized => "unauthorized",
            Self::Service => "service",
        }
    }
}

impl From<&ErrorKind> for CallOutcome {
    fn from(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::Overloaded { .. } => Self::Overloaded,
            ErrorKind::DeadlineExceeded => Self::DeadlineExceeded,
            ErrorKind::Cancelled => Self::Cancelled,
            ErrorKind::Unavailable { .. } => Self::Unavailable,
            ErrorKind::NotStarted { .. } => Self::NotStarted,
            ErrorKind::MayHaveRun { .. } => Self::MayHaveRun,
            ErrorKind::Panicked { .. } => Self::Panicked,
            ErrorKind::Draining => Self::Draining,
            ErrorKind::Rejected { .. } => Self::Rejected,
            ErrorKind::Unauthorized { .. } => Self::Unauthorized,
            ErrorKind::Service { .. } => Self::Service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_places_in_the_list() {
        for (place, outcome) in CallOutcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, place, "{}", outcome.name());
        }
    }

    #[test]
    fn an_error_that_is_written_has_the_name_of_its_outcome() {
        let reason = String::new();
        for kind in [ErrorKind::Draining, ErrorKind::MayHaveRun { reason }, ErrorKind::DeadlineExceeded] {
            let written = serde_json::to_string(&kind).unwrap();
            assert!(written.contains(&format!("\"{}\"", CallOutcome::from(&kind).name())), "{written}");
        }
    }
}
