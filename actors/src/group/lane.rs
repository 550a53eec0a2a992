//! The messages of a mailbox that are run in the same way: all that run singly, or those of one batch method.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::batch::{Batcher, Decision, Waiting};
use crate::group::envelope::Envelope;

/// A queue in the order of arrival, from which a withdrawn message can be taken out.
pub(crate) struct Lane {
    /// Ascending by number, which is given at arrival: a message is found by bisection.
    queue: VecDeque<(u64, Envelope)>,
    batcher: Option<Batcher>,
}

impl Lane {
    /// A lane whose messages run one at a time, or in the batches that `batcher` decides on.
    pub(crate) fn new(batcher: Option<Batcher>) -> Self {
        Self { queue: VecDeque::new(), batcher }
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Number and time of arrival of the oldest message.
    pub(crate) fn oldest(&self) -> Option<(u64, Instant)> {
        self.queue.front().map(|(number, envelope)| (*number, envelope.context.began))
    }

    pub(crate) fn push(&mut self, number: u64, envelope: Envelope) {
        debug_assert!(self.queue.back().is_none_or(|(last, _)| *last < number), "numbers ascend");
        self.queue.push_back((number, envelope));
    }

    /// Takes a message out, if it still waits.
    pub(crate) fn withdraw(&mut self, number: u64) -> Option<Envelope> {
        let index = self.queue.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.queue.remove(index).map(|(_, envelope)| envelope)
    }

    /// How many messages can run together now.
    pub(crate) fn decide(&self) -> Decision {
        let Some(batcher) = &self.batcher else {
            return if self.queue.is_empty() { Decision::Empty } else { Decision::Take(1) };
        };
        let waiting = self.queue.iter().map(|(_, envelope)| Waiting {
            arrived: envelope.context.began,
            deadline: envelope.context.deadline,
            cost: envelope.cost,
        });
        batcher.decide(waiting, Instant::now())
    }

    pub(crate) fn take_one(&mut self) -> Option<Envelope> {
        self.queue.pop_front().map(|(_, envelope)| envelope)
    }

    pub(crate) fn take_batch(&mut self, count: usize) -> Vec<Envelope> {
        if let Some(batcher) = &mut self.batcher {
            batcher.took(count);
        }
        self.queue.drain(..count).map(|(_, envelope)| envelope).collect()
    }

    pub(crate) fn is_batch(&self) -> bool {
        self.batcher.is_some()
    }

    pub(crate) fn batch_ran(&mut self, run_time: std::time::Duration) {
        if let Some(batcher) = &mut self.batcher {
            batcher.ran(run_time);
        }
    }

    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Envelope> + use<> {
        std::mem::take(&mut self.queue).into_iter().map(|(_, envelope)| envelope)
    }
}
