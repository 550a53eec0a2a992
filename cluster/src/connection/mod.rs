//! One connection that carries calls, in both directions.
//!
//! Its state is a value behind one lock that is held for the length of a copy of a short frame, and never while code of
//! a user runs: what waits to be written ([`outgoing`]), the calls that were made on it ([`calls`]), and the calls of the
//! peer that are being answered ([`serving`]). A reader and a writer act on it, each a task on the connection's thread;
//! callers and answers add frames from wherever they are, and the first to do so wakes the writer.

mod assembly;
pub(crate) mod calls;
mod outgoing;
mod reader;
mod remote_call;
mod serve;
mod serving;
mod writer;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use playhouse_actors::{CallResult, Encoded, Error, ErrorKind};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

pub(crate) use remote_call::{Ask, OnceCall, StreamCall};

use self::calls::Calls;
use self::outgoing::{Batch, BodyKey, Outgoing};
use self::reader::Reader;
use self::serving::{Refusal, Served, Serving};
use crate::exposed::Exposed;
use crate::transport::{Cutter, ReadHalf, WriteHalf};
use crate::wire::{Cancel, Credit, End, Failure, GoAway, Item, Reason, Reply, can_carry};

/// More calls than this on one connection are refused at once, however long they would wait.
const CALLS_MAX: usize = 65_536;
/// When a caller that was refused for that reason may try again.
const RETRY_AFTER: Duration = Duration::from_millis(10);
/// How long the last words of a connection may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// One connection that carries calls.
pub(crate) struct Connection {
    state: Mutex<State>,
    closed: Notify,
    /// Who is on the other side, for messages.
    peer: String,
    /// The name of the node there.
    node: Arc<str>,
    /// The longest body that the other side takes.
    body_max: u64,
    /// The thread that it runs on, by [`this_thread`].
    thread: AtomicU64,
    /// Whether the other side has said that it goes.
    left: AtomicBool,
    /// Whether the writer is handing bytes to the operating system at this moment, and whether the connection has ended.
    /// Who writes and who ends it are on different threads: each sets its own before it looks at the other's, so that no
    /// byte of a request leaves once its caller was told that it has not started.
    handing_over: AtomicBool,
    ended: AtomicBool,
    /// Ends it without its thread.
    cutter: Mutex<Option<Cutter>>,
}

struct State {
    calls: Calls,
    serving: Serving,
    outgoing: Outgoing,
    /// The writer, while it has nothing to do.
    writer: Option<Waker>,
    phase: Phase,
}

/// What a connection does.
enum Phase {
    Open,
    Closed {
        reason: Arc<str>,
        /// Whether the other side did what it may not.
        fault: bool,
    },
}

impl Connection {
    pub(crate) fn new(peer: String, node: Arc<str>, body_max: u64, cutter: Option<Cutter>) -> Arc<Self> {
        let state = State {
            calls: Calls::default(),
            serving: Serving::default(),
            outgoing: Outgoing::default(),
            writer: None,
            phase: Phase::Open,
        };
        let (state, closed) = (Mutex::new(state), Notify::new());
        let (thread, left, handing_over, ended) = Default::default();
        let cutter = Mutex::new(cutter);
        Arc::new(Self { state, closed, peer, node, body_max, thread, left, handing_over, ended, cutter })
    }

    /// Reads and writes, until the connection ends. Why it did.
    ///
    /// Stays on the calling thread, which has to run a `LocalSet`.
    pub(crate) async fn run(self: Arc<Self>, exposed: Arc<Exposed>, (read, write): (ReadHalf, WriteHalf)) -> Arc<str> {
        self.thread.store(this_thread(), Ordering::Relaxed);
        let mut writer = tokio::task::spawn_local(writer::write(Arc::clone(&self), write));
        let _writer = AbortOnDrop(writer.abort_handle());
        let mut reader = Reader::new(Arc::clone(&self), exposed, read);
        tokio::select! {
            biased;
            () = self.until_closed() => {}
            end = reader.run() => self.end(&end.text, end.farewell, end.all_answered),
        }
        drop(timeout(FAREWELL, &mut writer).await);
        drop(self.take_cutter());
        self.reason().unwrap_or_default()
    }

    /// Who is on the other side, for messages.
    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    /// Whether it runs on the calling thread.
    pub(crate) fn is_here(&self) -> bool {
        self.thread.load(Ordering::Relaxed) == this_thread()
    }

    /// Whether no call is in flight on it, in either direction, and everything has been written.
    pub(crate) fn is_idle(&self) -> bool {
        let State { calls, serving, outgoing, .. } = &*self.lock();
        calls.len() + serving.len() == 0 && outgoing.is_empty() && outgoing.written() == outgoing.position()
    }

    /// Why it has ended, if it has.
    pub(crate) fn reason(&self) -> Option<Arc<str>> {
        match &self.lock().phase {
            Phase::Open => None,
            Phase::Closed { reason, .. } => Some(Arc::clone(reason)),
        }
    }

    /// Whether it has ended because the other side did what it may not.
    pub(crate) fn was_at_fault(&self) -> bool {
        matches!(self.lock().phase, Phase::Closed { fault: true, .. })
    }

    /// Whether the other side has ended it because it leaves.
    pub(crate) fn was_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    /// Waits until it has ended.
    pub(crate) async fn until_closed(&self) {
        loop {
            let mut closed = std::pin::pin!(self.closed.notified());
            closed.as_mut().enable();
            if self.reason().is_some() {
                return;
            }
            closed.await;
        }
    }

    /// Ends it: calls that were made on it end at once, those of the peer are cancelled. Does nothing the second time.
    pub(crate) fn close(&self, reason: &str, farewell: Option<GoAway>) {
        self.end(reason, farewell, false);
    }

    /// Ends it. `all_answered`: the other side goes, and has answered every call that it has begun.
    fn end(&self, reason: &str, mut farewell: Option<GoAway>, all_answered: bool) {
        let reason: Arc<str> = format!("the connection to {} was lost: {reason}", self.peer).into();
        let mut state = self.lock();
        if matches!(state.phase, Phase::Closed { .. }) {
            return;
        }
        let fault = farewell.as_ref().is_some_and(|farewell| farewell.reason != Reason::Going);
        state.phase = Phase::Closed { reason: Arc::clone(&reason), fault };
        let State { calls, serving, outgoing, writer, .. } = &mut *state;
        self.ended.store(true, Ordering::SeqCst);
        let gone = match self.handing_over.load(Ordering::SeqCst) {
            _ if all_answered => 0,
            // Whatever the writer has in its hands may be gone.
            true => outgoing.taken(),
            false => outgoing.written(),
        };
        if let Some(farewell) = &mut farewell {
            farewell.all_answered = serving.len() == 0 && outgoing.is_empty();
            farewell.last = Some(serving.last());
        }
        let mut wakers = calls.lose(gone, &reason);
        let cancelled = serving.take();
        outgoing.clear();
        if let Some(farewell) = farewell {
            farewell.encode(&mut outgoing.frames);
        }
        wakers.extend(outgoing.admit(true));
        wakers.extend(writer.take());
        drop(state);
        drop(cancelled);
        wakers.into_iter().for_each(Waker::wake);
        self.closed.notify_waiters();
    }

    /// Ends it although its thread does not answer.
    pub(crate) fn cut(&self, reason: &str) {
        self.close(reason, None);
        if let Some(cutter) = self.take_cutter() {
            cutter();
        }
    }

    fn take_cutter(&self) -> Option<Cutter> {
        self.cutter.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Why a body cannot be sent to the other side, if it cannot.
    fn objection(&self, body: &Encoded) -> Option<String> {
        let (length, limit) = (body.len() as u64, self.body_max);
        if length > limit {
            return Some(format!("of {length} bytes is too long: {limit} bytes are allowed between processes"));
        }
        (!can_carry(body)).then(|| format!("as {} cannot be sent between processes", body.codec))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes the writer if there is something to write for the first time.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let changed = change(&mut state);
        let writer = if state.outgoing.is_empty() { None } else { state.writer.take() };
        let is_beyond_limit = state.outgoing.is_beyond_limit();
        drop(state);
        if let Some(writer) = writer {
            writer.wake();
        }
        if is_beyond_limit {
            self.close("it does not read its answers", Some(GoAway::new(Reason::TooMuch, "answers are not read")));
        }
        changed
    }
}

/// The caller's side.
impl Connection {
    /// Puts a request on its way, when there is room for it.
    fn poll_send(&self, ask: &mut Ask, cx: &Context<'_>) -> Poll<CallResult<u64>> {
        self.change(|state| {
            if let Phase::Closed { reason, .. } = &state.phase {
                return Poll::Ready(Err(ErrorKind::NotStarted { reason: reason.to_string() }.into()));
            }
            if state.calls.len() >= CALLS_MAX {
                return Poll::Ready(Err(ErrorKind::Overloaded { retry_after: RETRY_AFTER }.into()));
            }
            if !state.outgoing.has_room() {
                state.outgoing.wait(&mut ask.ticket, cx);
                return Poll::Pending;
            }
            state.outgoing.leave(ask.ticket.take());
            Poll::Ready(Ok(state.send(ask)))
        })
    }

    fn leave(&self, ticket: Option<u64>) {
        if ticket.is_some() {
            self.lock().outgoing.leave(ticket);
        }
    }

    fn poll_answer(&self, id: u64, cx: &Context<'_>) -> Poll<CallResult<Encoded>> {
        self.lock().calls.poll_once(id, cx.waker())
    }

    fn poll_item(&self, id: u64, cx: &Context<'_>) -> Poll<Option<CallResult<Encoded>>> {
        self.change(|state| {
            state.calls.poll_item(id, cx.waker()).map(|next| {
                if next.credit > 0 && matches!(state.phase, Phase::Open) {
                    Credit { id, items: next.credit }.encode(&mut state.outgoing.frames);
                }
                next.item
            })
        })
    }

    /// The caller has gone: the other side is told, unless it has answered.
    fn abandon(&self, id: u64) {
        self.change(|state| {
            if state.calls.abandon(id) && matches!(state.phase, Phase::Open) {
                state.outgoing.withdraw(BodyKey { id, to_caller: false });
                Cancel { id }.encode(&mut state.outgoing.frames);
            }
        });
    }
}

/// The callee's side.
impl Connection {
    /// Takes in a call, if the peer reads the answers to those that it has made.
    fn take_in(&self, id: u64, served: Served) -> Result<(), Refusal> {
        let mut state = self.lock();
        // One that has ended has said whether it has answered all that it has begun.
        let refused = match state.outgoing.is_full() || matches!(state.phase, Phase::Closed { .. }) {
            true => Err((Refusal::Full, served)),
            false => state.serving.begin(id, served),
        };
        drop(state);
        refused.map_err(|(refusal, _served)| refusal)
    }

    /// The caller has gone.
    fn cancel(&self, id: u64) {
        let cancelled = self.change(|state| {
            state.outgoing.withdraw(BodyKey { id, to_caller: true });
            state.serving.end(id)
        });
        drop(cancelled);
    }

    /// Sends the answer to a call, unless the caller has gone.
    fn answer(&self, id: u64, depth: u32, result: CallResult<Encoded>) {
        let ended = self.change(|state| {
            let ended = state.serving.end(id)?;
            match result.and_then(|body| self.fits(body)) {
                Ok(body) => {
                    let inline = Reply::encode(id, depth, &body, &mut state.outgoing.frames);
                    state.outgoing.push_body(BodyKey { id, to_caller: true }, &body, inline);
                }
                Err(error) => Failure { id, depth, error }.encode(&mut state.outgoing.frames),
            }
            Some(ended)
        });
        drop(ended);
    }

    /// Refuses a call that is not among those that are being answered.
    fn refuse(&self, id: u64, error: Error) {
        self.change(|state| {
            if matches!(state.phase, Phase::Open) {
                Failure { id, depth: 0, error }.encode(&mut state.outgoing.frames);
            }
        });
    }

    /// Sends an item of a stream. False if the caller has gone.
    fn send_item(&self, id: u64, body: &Encoded) -> bool {
        self.change(|state| {
            if !state.serving.knows(id) {
                return false;
            }
            let inline = Item::encode(id, body, &mut state.outgoing.frames);
            state.outgoing.push_body(BodyKey { id, to_caller: true }, body, inline);
            true
        })
    }

    /// Sends the good end of a stream.
    fn end_stream(&self, id: u64, depth: u32) {
        let ended = self.change(|state| {
            let ended = state.serving.end(id)?;
            End { id, depth }.encode(&mut state.outgoing.frames);
            Some(ended)
        });
        drop(ended);
    }

    /// Waits until the next item of a stream can follow the one before it.
    async fn until_room(&self, id: u64) {
        let mut ticket = None;
        let key = BodyKey { id, to_caller: true };
        std::future::poll_fn(|cx| {
            let outgoing = &mut self.lock().outgoing;
            if outgoing.has_room() && !outgoing.has_body(key) {
                outgoing.leave(ticket.take());
                return Poll::Ready(());
            }
            outgoing.wait(&mut ticket, cx);
            Poll::Pending
        })
        .await;
    }

    fn fits(&self, body: Encoded) -> CallResult<Encoded> {
        match self.objection(&body) {
            None => Ok(body),
            Some(objection) => Err(Error::service("not_sendable", format!("the result {objection}"))),
        }
    }
}

impl State {
    fn send(&mut self, ask: &Ask) -> u64 {
        let Self { calls, outgoing, .. } = self;
        let id = calls.begin(ask.stream, Arc::clone(&ask.load));
        let inline = ask.header(id).encode(&ask.body, &mut outgoing.frames);
        if !outgoing.push_body(BodyKey { id, to_caller: false }, &ask.body, inline) {
            calls.sent(id, outgoing.position());
        }
        id
    }
}

/// The writer's side.
impl Connection {
    /// Waits for something to write. False when the connection has ended and everything was said.
    fn poll_work(&self, cx: &Context<'_>) -> Poll<bool> {
        let mut state = self.lock();
        match (state.outgoing.is_empty(), &state.phase) {
            (false, _) => Poll::Ready(true),
            (true, Phase::Closed { .. }) => Poll::Ready(false),
            (true, Phase::Open) => {
                state.writer = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// What is to be written next, and whether these are the last words.
    fn take_batch(&self, spare: Vec<u8>) -> (Batch, bool) {
        let mut state = self.lock();
        let State { calls, outgoing, .. } = &mut *state;
        let batch = outgoing.take(spare, |id, end| calls.sent(id, end));
        let admitted = outgoing.admit(false);
        let last_words = matches!(state.phase, Phase::Closed { .. });
        drop(state);
        admitted.into_iter().for_each(Waker::wake);
        (batch, last_words)
    }

    /// Whether bytes of a batch may go: of one that was taken before the connection ended none may after it.
    /// [`Connection::handed_over`] has to follow.
    fn hand_over(&self, last_words: bool) -> bool {
        self.handing_over.store(true, Ordering::SeqCst);
        last_words || !self.ended.load(Ordering::SeqCst)
    }

    /// So many bytes have gone.
    fn handed_over(&self, bytes: usize) {
        if bytes > 0 {
            self.lock().outgoing.wrote(bytes);
        }
        self.handing_over.store(false, Ordering::SeqCst);
    }
}

/// Ends a task when its owner goes.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A number for the calling thread, that no other has.
fn this_thread() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    thread_local! {
        static THIS: u64 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    THIS.with(|thread| *thread)
}

/// The memory of `part` within the frame that it is a part of.
fn shared(frame: &Bytes, part: &[u8]) -> Bytes {
    if part.is_empty() { Bytes::new() } else { frame.slice_ref(part) }
}

#[cfg(test)]
mod tests {
    use playhouse_actors::{Answering, CallContext, Codec, Origin};
    use tokio::time::Instant;

    use super::*;
    use crate::wire::{Frame, PREFIX, Prefix};

    const CX: Context<'static> = Context::from_waker(Waker::noop());

    fn connection() -> Arc<Connection> {
        Connection::new("somebody".into(), "somebody".into(), u64::MAX, None)
    }

    fn serve(connection: &Connection, id: u64) -> bool {
        connection.take_in(id, Served::Once { _answering: Answering::about_to_begin().0 }).is_ok()
    }

    #[test]
    fn who_goes_says_whether_all_is_answered_and_begins_nothing_more() {
        for (is_serving, all_answered) in [(false, true), (true, false)] {
            let connection = connection();
            assert!(!is_serving || serve(&connection, 7));
            connection.close("this node ends", Some(GoAway::new(Reason::Going, "the node ends")));
            assert!(!serve(&connection, 8));
            let (batch, _) = connection.take_batch(Vec::new());
            let prefix = Prefix::decode(&batch.frames).unwrap().unwrap();
            let Ok(Frame::GoAway(farewell)) = Frame::of(&prefix, &batch.frames[PREFIX..]) else { panic!("{prefix:?}") };
            assert_eq!(farewell.all_answered, all_answered);
        }
    }

    #[test]
    fn a_call_has_not_run_that_is_not_answered_by_who_has_answered_all() {
        for all_answered in [false, true] {
            let connection = connection();
            let began = Instant::now();
            let context = CallContext { began, deadline: began + Duration::from_secs(1), trace: None, attempt: 0 };
            let (body, load) = (Encoded::new(Codec::Json, "1"), Arc::default());
            let origin = Origin::default();
            let mut ask =
                Ask { method: 0, body, reply: Codec::Json, context, origin, stream: false, load, ticket: None };
            let Poll::Ready(Ok(id)) = connection.poll_send(&mut ask, &CX) else { panic!("there is room") };
            let (batch, _) = connection.take_batch(Vec::new());
            assert!(connection.hand_over(false));
            connection.handed_over(batch.frames.len());
            connection.end("the other side ends it", None, all_answered);
            let Poll::Ready(Err(error)) = connection.poll_answer(id, &CX) else { panic!("it was lost") };
            assert_eq!(error.proves_not_started(), all_answered);
        }
    }
}
