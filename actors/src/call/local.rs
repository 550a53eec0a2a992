//! A message in a group of this process, from its submission to its answer.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::limit::Limit;
use crate::body::Typed;
use crate::deadline::Deadlines;
use crate::error::{CallResult, ErrorKind};
use crate::group::envelope::{Outcome, Undone};
use crate::group::mailbox::{Phase, Ticket};
use crate::group::stats::count;
use crate::group::{Admitted, Group, Submission};
use crate::stream::ItemStream;

/// Runs a message in a group of this process.
pub(super) async fn local(group: &Arc<Group>, deadlines: &Arc<Deadlines>, submission: Submission) -> Outcome {
    let wait = Wait::new(&submission);
    let admitted = group.submit(submission)?;
    wait.answer(group, deadlines, admitted).await
}

/// Runs a message in a group of this process; resolves when the first item is there.
pub(super) async fn local_stream(
    group: &Arc<Group>,
    deadlines: &Arc<Deadlines>,
    submission: Submission,
) -> Result<ItemStream, Undone<Typed>> {
    let wait = Wait::new(&submission);
    let admitted = group.submit_stream(submission)?;
    wait.first_item(group, deadlines, admitted).await
}

/// What the caller keeps of a submission while it waits.
pub(super) struct Wait {
    method: usize,
    deadline: Instant,
}

impl Wait {
    pub(super) fn new(submission: &Submission) -> Self {
        Self { method: submission.method, deadline: submission.context.deadline }
    }

    pub(super) async fn answer(
        self,
        group: &Arc<Group>,
        deadlines: &Arc<Deadlines>,
        admitted: Admitted<oneshot::Receiver<Outcome>>,
    ) -> Outcome {
        let Admitted { ticket, mut reply } = admitted;
        let mut pending = Pending::new(group, ticket);
        let mut limit = Limit::new(deadlines, self.deadline);
        let answer = poll_fn(|cx| limit.poll(poll_reply(&mut reply, group, self.method, cx), cx)).await;
        pending.ended(&answer);
        answer.unwrap_or_else(|error| Err(Undone::new(group.fail(self.method, error))))
    }

    async fn first_item(
        self,
        group: &Arc<Group>,
        deadlines: &Arc<Deadlines>,
        admitted: Admitted<ItemStream>,
    ) -> Result<ItemStream, Undone<Typed>> {
        let Admitted { ticket, reply: mut items } = admitted;
        let mut pending = Pending::new(group, ticket);
        let mut limit = Limit::new(deadlines, self.deadline);
        let answer = poll_fn(|cx| limit.poll(items.poll_first(cx), cx)).await;
        pending.ended(&answer);
        match answer {
            Ok(Ok(())) => Ok(items),
            Ok(Err(error)) => Err(Undone::new(error)),
            Err(error) => Err(Undone::new(group.fail(self.method, error))),
        }
    }
}

fn poll_reply(
    reply: &mut oneshot::Receiver<Outcome>,
    group: &Group,
    method: usize,
    cx: &mut Context<'_>,
) -> Poll<Outcome> {
    Pin::new(reply).poll(cx).map(|answer| {
        // The worker's end was dropped without a word: its thread was stopped, or a drain came to its limit.
        let lost = || match group.mailbox.phase() {
            Phase::Closed => ErrorKind::Cancelled,
            _ => ErrorKind::MayHaveRun { reason: "the worker's thread ended".into() },
        };
        answer.unwrap_or_else(|_| Err(Undone::new(group.fail(method, lost().into()))))
    })
}

/// A message in a group that has not been answered. Dropped before that, it takes the message out of the mailbox;
/// without that, abandoned calls would hold places until a worker came to them. What runs already learns of it by its
/// reply, which nobody holds any more.
struct Pending<'a> {
    group: &'a Arc<Group>,
    ticket: Ticket,
    state: PendingState,
}

enum PendingState {
    Waiting,
    Answered,
    Expired,
}

impl<'a> Pending<'a> {
    fn new(group: &'a Arc<Group>, ticket: Ticket) -> Self {
        Self { group, ticket, state: PendingState::Waiting }
    }

    /// The wait is over: by an answer, or by the deadline.
    fn ended<T>(&mut self, answer: &CallResult<T>) {
        self.state = if answer.is_ok() { PendingState::Answered } else { PendingState::Expired };
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let counter = match self.state {
            PendingState::Answered => return,
            PendingState::Expired => &self.group.rare.expired,
            PendingState::Waiting => &self.group.rare.cancelled,
        };
        count(counter);
        drop(self.group.mailbox.withdraw(self.ticket));
    }
}
