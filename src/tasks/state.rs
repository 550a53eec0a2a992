//! The states of a task, and what leads from one to another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far a task has come. The names are those of BentoML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It waits for its turn.
    Pending,
    /// It has been given to its service.
    InProgress,
    /// It has ended, and its result is kept.
    Completed,
    /// It has ended, and its error is kept.
    Failed,
    /// Somebody has withdrawn it.
    Canceled,
}

/// What happens to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It is its turn.
    Start,
    /// Its service proved not to have begun.
    Return,
    /// The work was lost in the middle, and may be done again.
    Lose,
    /// It ended with a result.
    Complete,
    /// It ended with an error.
    Fail,
    /// Somebody withdraws it.
    Cancel,
}

impl State {
    /// The state after an event; `None` where the event cannot be. This is the whole life of a task.
    pub(super) fn after(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::Pending, Event::Start) => Some(Self::InProgress),
            (Self::InProgress, Event::Return | Event::Lose) => Some(Self::Pending),
            (Self::InProgress, Event::Complete) => Some(Self::Completed),
            (Self::InProgress, Event::Fail) => Some(Self::Failed),
            (Self::Pending | Self::InProgress, Event::Cancel) => Some(Self::Canceled),
            _ => None,
        }
    }

    /// Whether nothing can happen to it any more.
    pub(crate) fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }

    /// As BentoML's client reads it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [Event; 6] = [Event::Start, Event::Return, Event::Lose, Event::Complete, Event::Fail, Event::Cancel];

    /// Row by row a state, column by column an event.
    #[test]
    fn the_whole_table() {
        use State::{Canceled, Completed, Failed, InProgress, Pending};
        let table = [
            (Pending, [Some(InProgress), None, None, None, None, Some(Canceled)]),
            (InProgress, [None, Some(Pending), Some(Pending), Some(Completed), Some(Failed), Some(Canceled)]),
            (Completed, [None; 6]),
            (Failed, [None; 6]),
            (Canceled, [None; 6]),
        ];
        for (state, after) in table {
            assert_eq!(EVENTS.map(|event| state.after(event)), after, "{state}");
            assert_eq!(state.has_ended(), after == [None; 6], "{state}");
        }
    }
}
