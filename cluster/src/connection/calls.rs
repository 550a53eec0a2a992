//! The calls that were made on a connection and are not over. Pure: what came in, what is to be woken out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};

use playhouse_actors::{CallResult, Encoded, Error, ErrorKind};
use slab::Slab;

use crate::peer::ReplicaLoad;

/// How many items of a stream may be on their way, or wait here for their reader.
pub(crate) const ITEMS_AHEAD: u32 = 16;

/// The request has not been written to its end, however much of it has.
const UNSENT: u64 = u64::MAX;

/// Whether one call was made after another one of the same connection, by their identifiers.
pub(crate) fn is_later(one: u64, other: u64) -> bool {
    // What counts them begins anew after four thousand million.
    let (one, other) = ((one >> 32) as u32, (other >> 32) as u32);
    (one.wrapping_sub(other) as i32) > 0
}

/// The calls of one connection that are not over.
#[derive(Default)]
pub(crate) struct Calls {
    calls: Slab<Call>,
    /// Makes the identifiers of calls differ that have the same place in the slab one after the other.
    made: u32,
}

struct Call {
    generation: u32,
    /// Where in the stream of bytes the request ends.
    end: u64,
    waker: Option<Waker>,
    load: Arc<ReplicaLoad>,
    answer: Answer,
}

enum Answer {
    Awaited,
    Once(CallResult<Encoded>),
    Stream(Box<Items>),
}

#[derive(Default)]
struct Items {
    arrived: VecDeque<Encoded>,
    /// How many may still come before more credit is given.
    credit: u32,
    /// How many were taken since credit was given.
    taken: u32,
    end: Option<CallResult<()>>,
}

/// A peer that sends items nobody gave it credit for.
pub(crate) struct Overrun;

/// What a reader of a stream gets.
pub(crate) struct NextItem {
    /// The item, or the end.
    pub(crate) item: Option<CallResult<Encoded>>,
    /// The credit to give for it.
    pub(crate) credit: u32,
}

impl Calls {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Begins a call. Its identifier.
    pub(crate) fn begin(&mut self, stream: bool, load: Arc<ReplicaLoad>) -> u64 {
        self.made = self.made.wrapping_add(1);
        let answer = match stream {
            false => Answer::Awaited,
            true => Answer::Stream(Box::new(Items { credit: ITEMS_AHEAD, ..Items::default() })),
        };
        let generation = self.made;
        let place = self.calls.insert(Call { generation, end: UNSENT, waker: None, load, answer });
        u64::from(generation) << 32 | place as u64
    }

    /// Notes where the request ends in the stream of bytes.
    pub(crate) fn sent(&mut self, id: u64, end: u64) {
        if let Some(call) = self.get(id) {
            call.end = end;
        }
    }

    /// The answer to a call, or its end by an error. Who is to be woken.
    pub(crate) fn answer(&mut self, id: u64, depth: Option<u32>, result: CallResult<Encoded>) -> Option<Waker> {
        let call = self.get(id)?;
        call.note(depth);
        match &mut call.answer {
            Answer::Awaited => call.answer = Answer::Once(result),
            // A second answer to one call: the first one counts.
            Answer::Once(_) => return None,
            Answer::Stream(items) if items.end.is_none() => {
                items.end = Some(result.and_then(|_| Err(Error::malformed("a stream was answered once"))));
            }
            Answer::Stream(_) => return None,
        }
        call.waker.take()
    }

    /// An item of a stream. Who is to be woken.
    ///
    /// # Errors
    /// When the peer had no credit for it.
    pub(crate) fn item(&mut self, id: u64, item: Encoded) -> Result<Option<Waker>, Overrun> {
        let Some(call) = self.get(id) else { return Ok(None) };
        let Answer::Stream(items) = &mut call.answer else { return Ok(None) };
        items.credit = items.credit.checked_sub(1).ok_or(Overrun)?;
        items.arrived.push_back(item);
        Ok(call.waker.take())
    }

    /// The good end of a stream. Who is to be woken.
    pub(crate) fn end(&mut self, id: u64, depth: u32) -> Option<Waker> {
        let call = self.get(id)?;
        call.note(Some(depth));
        let Answer::Stream(items) = &mut call.answer else { return None };
        items.end.get_or_insert(Ok(()));
        call.waker.take()
    }

    /// The answer to a call, which is over then. Wakes `waker` otherwise, when there is one.
    pub(crate) fn poll_once(&mut self, id: u64, waker: &Waker) -> Poll<CallResult<Encoded>> {
        let call = self.get(id).expect("a call is there until its answer was taken");
        if let Answer::Once(_) = call.answer {
            let Answer::Once(result) = self.remove(id).answer else { unreachable!("it was one a moment ago") };
            return Poll::Ready(result);
        }
        call.wake_later(waker);
        Poll::Pending
    }

    /// The next item of a stream, or its end, after which the call is over.
    pub(crate) fn poll_item(&mut self, id: u64, waker: &Waker) -> Poll<NextItem> {
        let call = self.get(id).expect("a call is there until its end was taken");
        let Answer::Stream(items) = &mut call.answer else { unreachable!("it was begun as a stream") };
        if let Some(item) = items.arrived.pop_front() {
            return Poll::Ready(NextItem { item: Some(Ok(item)), credit: items.took_one() });
        }
        if items.end.is_none() {
            call.wake_later(waker);
            return Poll::Pending;
        }
        let Answer::Stream(items) = self.remove(id).answer else { unreachable!("it was begun as a stream") };
        Poll::Ready(NextItem { item: items.end.and_then(Result::err).map(Err), credit: 0 })
    }

    /// Forgets a call whose caller has gone. Whether the other side has to be told.
    pub(crate) fn abandon(&mut self, id: u64) -> bool {
        if self.get(id).is_none() {
            return false;
        }
        match self.remove(id).answer {
            Answer::Awaited => true,
            Answer::Once(_) => false,
            Answer::Stream(items) => items.end.is_none(),
        }
    }

    /// Whether somebody waits for this call.
    pub(crate) fn knows(&mut self, id: u64) -> bool {
        self.get(id).is_some()
    }

    /// Notes that the other side has begun no call that was made after this one, and will begin none any more.
    pub(crate) fn begun_up_to(&mut self, last: u64) {
        for (place, call) in &mut self.calls {
            if is_later(u64::from(call.generation) << 32 | place as u64, last) {
                call.end = UNSENT;
            }
        }
    }

    /// Ends all calls, because the connection has ended after `written` bytes: those of which not all was written have
    /// certainly not begun. Who is to be woken.
    pub(crate) fn lose(&mut self, written: u64, reason: &str) -> Vec<Waker> {
        let wakers = self.calls.iter_mut().filter_map(|(_, call)| {
            let error = Error::from(match call.end > written {
                true => ErrorKind::NotStarted { reason: reason.into() },
                false => ErrorKind::MayHaveRun { reason: reason.into() },
            });
            match &mut call.answer {
                Answer::Awaited => call.answer = Answer::Once(Err(error)),
                Answer::Once(_) => {}
                Answer::Stream(items) => drop(items.end.get_or_insert(Err(error))),
            }
            call.waker.take()
        });
        wakers.collect()
    }

    fn get(&mut self, id: u64) -> Option<&mut Call> {
        let place = usize::try_from(id & u64::from(u32::MAX)).ok()?;
        let call = self.calls.get_mut(place)?;
        (u64::from(call.generation) == id >> 32).then_some(call)
    }

    fn remove(&mut self, id: u64) -> Call {
        self.calls.remove((id & u64::from(u32::MAX)) as usize)
    }
}

impl Call {
    fn note(&self, depth: Option<u32>) {
        if let Some(depth) = depth {
            self.load.reported(depth);
        }
    }

    fn wake_later(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }
}

impl Items {
    /// Gives credit for several items at once: half of what may be ahead.
    fn took_one(&mut self) -> u32 {
        self.taken += 1;
        if self.end.is_some() || self.taken < ITEMS_AHEAD / 2 {
            return 0;
        }
        self.credit += self.taken;
        std::mem::take(&mut self.taken)
    }
}

#[cfg(test)]
mod tests {
    use playhouse_actors::Codec;

    use super::*;

    fn body() -> Encoded {
        Encoded::new(Codec::Json, "1")
    }

    fn kind(result: Poll<CallResult<Encoded>>) -> ErrorKind {
        let Poll::Ready(Err(error)) = result else { panic!("{result:?}") };
        error.kind().clone()
    }

    #[test]
    fn what_was_not_written_to_its_end_has_not_started() {
        let mut calls = Calls::default();
        let ids: Vec<_> = (0..3).map(|_| calls.begin(false, Arc::default())).collect();
        calls.sent(ids[0], 100);
        calls.sent(ids[1], 101);
        calls.lose(100, "reset");
        let expected = [
            ErrorKind::MayHaveRun { reason: "reset".into() },
            ErrorKind::NotStarted { reason: "reset".into() },
            ErrorKind::NotStarted { reason: "reset".into() },
        ];
        for (id, expected) in ids.into_iter().zip(expected) {
            assert_eq!(kind(calls.poll_once(id, Waker::noop())), expected);
        }
        assert_eq!(calls.len(), 0);
    }

    #[test]
    fn what_was_made_after_the_last_that_was_begun_has_not_started() {
        for made in [0, u32::MAX - 2] {
            let mut calls = Calls { made, ..Calls::default() };
            let ids: Vec<_> = (0..4).map(|_| calls.begin(false, Arc::default())).collect();
            ids.iter().for_each(|&id| calls.sent(id, 1));
            calls.begun_up_to(ids[1]);
            calls.lose(1, "it goes");
            let started = ids
                .into_iter()
                .map(|id| matches!(kind(calls.poll_once(id, Waker::noop())), ErrorKind::MayHaveRun { .. }));
            assert_eq!(started.collect::<Vec<_>>(), [true, true, false, false]);
        }
        let mut calls = Calls::default();
        let id = calls.begin(false, Arc::default());
        calls.sent(id, 1);
        calls.begun_up_to(0);
        calls.lose(1, "it goes");
        assert!(matches!(kind(calls.poll_once(id, Waker::noop())), ErrorKind::NotStarted { .. }), "none was begun");
    }

    #[test]
    fn an_answer_counts_once_and_for_its_own_call_only() {
        let mut calls = Calls::default();
        let first = calls.begin(false, Arc::default());
        assert!(calls.poll_once(first, Waker::noop()).is_pending());
        assert!(calls.answer(first, Some(7), Ok(body())).is_some());
        assert!(calls.answer(first, Some(7), Err(ErrorKind::Draining.into())).is_none());
        assert!(calls.lose(0, "reset").is_empty(), "an answer that is there stays");
        assert_eq!(calls.poll_once(first, Waker::noop()), Poll::Ready(Ok(body())));
        let second = calls.begin(false, Arc::default());
        assert_eq!(second & 0xffff_ffff, first & 0xffff_ffff, "the same place");
        assert!(calls.answer(first, None, Ok(body())).is_none(), "an answer for nobody");
        assert!(calls.poll_once(second, Waker::noop()).is_pending());
        assert!(calls.abandon(second) && !calls.abandon(second));
    }

    #[test]
    fn a_stream_gives_credit_as_it_is_read_and_refuses_more() {
        let mut calls = Calls::default();
        let id = calls.begin(true, Arc::default());
        for _ in 0..ITEMS_AHEAD {
            assert!(calls.item(id, body()).is_ok());
        }
        assert!(calls.item(id, body()).is_err(), "without credit");
        let mut credit = 0;
        for _ in 0..ITEMS_AHEAD {
            let Poll::Ready(next) = calls.poll_item(id, Waker::noop()) else { panic!("it is there") };
            assert_eq!(next.item, Some(Ok(body())));
            credit += next.credit;
        }
        assert_eq!(credit, ITEMS_AHEAD);
        assert!(calls.item(id, body()).is_ok());
        calls.lose(u64::MAX, "reset");
        let mut rest = Vec::new();
        while calls.len() > 0 {
            let Poll::Ready(next) = calls.poll_item(id, Waker::noop()) else { panic!("it has ended") };
            rest.push(next.item.map(|item| item.map_err(|error| error.kind().clone())));
        }
        assert_eq!(rest[0], Some(Ok(body())), "what arrived is not lost");
        assert!(matches!(rest[1], Some(Err(_))), "a stream that was cut short ends by an error");
    }
}
