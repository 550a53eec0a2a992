//! A message in a group of this process, from its submission to its answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::limit::Limit;
use crate::body::Typed;
use crate::deadline::Deadlines;
use crate::error::{CallResult, ErrorKind};
use crate::group::envelope::{Outcome, Undone};
use crate::group::mailbox::{Phase, Ticket};
use crate::group::{Admitted, Group, Submission};
use crate::outcome::CallOutcome;
use crate::stream::ItemStream;

/// Submits a message to a group of this process.
///
/// # Errors
/// Why it was not admitted, with the message.
pub(super) fn local<'a>(
    group: &'a Arc<Group>,
    deadlines: &'a Arc<Deadlines>,
    submission: Submission,
) -> Result<Answer<'a>, Undone<Typed>> {
    let waits = (submission.method, submission.context.deadline);
    Ok(Answer::of(group, deadlines, group.submit(submission)?, waits))
}

/// Submits a message that is answered by a stream.
///
/// # Errors
/// Why it was not admitted, with the message.
pub(crate) fn local_stream<'a>(
    group: &'a Arc<Group>,
    deadlines: &'a Arc<Deadlines>,
    submission: Submission,
) -> Result<FirstItem<'a>, Undone<Typed>> {
    let waits = (submission.method, submission.context.deadline);
    let Admitted { ticket, reply } = group.submit_stream(submission)?;
    Ok(FirstItem { items: Some(reply), pending: Pending::new(group, deadlines, ticket, waits) })
}

/// Waits for the answer to an admitted message. A future of its own, not an `async fn`: it is moved with every call, and
/// a stack of `async fn`s keeps each argument once on every level.
pub(crate) struct Answer<'a> {
    reply: oneshot::Receiver<Outcome>,
    pending: Pending<'a>,
}

impl<'a> Answer<'a> {
    /// The answer to a message that has been admitted, with its method and deadline.
    pub(crate) fn of(
        group: &'a Arc<Group>,
        deadlines: &'a Arc<Deadlines>,
        Admitted { ticket, reply }: Admitted<oneshot::Receiver<Outcome>>,
        waits: (usize, Instant),
    ) -> Self {
        Self { reply, pending: Pending::new(group, deadlines, ticket, waits) }
    }
}

impl Future for Answer<'_> {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Self { reply, pending } = self.get_mut();
        // Its other end was dropped without a word: its thread was stopped, or a drain came to its limit.
        let answer = Pin::new(reply).poll(cx).map(|answer| answer.unwrap_or_else(|_| Err(pending.lost())));
        pending.poll(answer, cx).map(|answer| answer.unwrap_or_else(|late| Err(Undone::new(late))))
    }
}

/// Waits for the first item of the answer to an admitted message.
pub(crate) struct FirstItem<'a> {
    items: Option<ItemStream>,
    pending: Pending<'a>,
}

impl Future for FirstItem<'_> {
    type Output = Result<ItemStream, Undone<Typed>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { items, pending } = self.get_mut();
        let stream = items.as_mut().expect("not polled after it was ready");
        let first = pending.poll(stream.poll_first(cx), cx);
        first.map(|first| {
            first.and_then(|first| first).map_err(Undone::new)?;
            Ok(items.take().expect("there a moment ago"))
        })
    }
}

/// A message in a group that has not been answered. Dropped before that, it takes the message out of the mailbox;
/// without that, abandoned calls would hold permits until a worker came to them. What runs already learns of it by its
/// reply, which nobody holds any more.
struct Pending<'a> {
    group: &'a Arc<Group>,
    limit: Limit<'a>,
    ticket: Ticket,
    method: usize,
    state: PendingState,
}

enum PendingState {
    Waiting,
    Answered,
    Expired,
}

impl<'a> Pending<'a> {
    fn new(
        group: &'a Arc<Group>,
        deadlines: &'a Arc<Deadlines>,
        ticket: Ticket,
        (method, deadline): (usize, Instant),
    ) -> Self {
        let limit = Limit::new(deadlines, deadline);
        Self { group, limit, ticket, method, state: PendingState::Waiting }
    }

    /// Notes an answer; turns "not yet" into an error once the deadline has passed.
    fn poll<T>(&mut self, polled: Poll<T>, cx: &mut Context<'_>) -> Poll<CallResult<T>> {
        let ended = ready!(self.limit.poll(polled, cx));
        self.state = if ended.is_ok() { PendingState::Answered } else { PendingState::Expired };
        Poll::Ready(ended.map_err(|late| self.group.fail(self.method, late)))
    }

    fn lost(&self) -> Undone<Typed> {
        let kind = match self.group.mailbox.phase() {
            Phase::Closed => ErrorKind::Cancelled,
            _ => ErrorKind::MayHaveRun { reason: "the worker's thread ended".into() },
        };
        self.group.rare.ended(self.method, (&kind).into());
        Undone::new(self.group.fail(self.method, kind.into()))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let outcome = match self.state {
            PendingState::Answered => return,
            PendingState::Expired => CallOutcome::DeadlineExceeded,
            PendingState::Waiting => CallOutcome::Cancelled,
        };
        self.group.rare.ended(self.method, outcome);
        drop(self.group.mailbox.withdraw(self.ticket));
    }
}
