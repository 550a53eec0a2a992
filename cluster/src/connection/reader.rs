//! Reads frames and acts on them: everything that is complete in the buffer, before it waits for more, in several turns.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use playhouse_actors::{CallResult, Encoded, ErrorKind};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::assembly::{Assembly, whole};
use super::serve::{self, Call};
use super::{Connection, shared};
use crate::exposed::Exposed;
use crate::transport::ReadHalf;
use crate::wire::{
    BodyView, CHUNK_HEADER, Cancel, Chunk, Credit, Frame, GoAway, Malformed, PREFIX, Pong, Prefix, Reason, Request,
};

/// How much is read at once.
const READ: usize = 64 << 10;
/// After so many frames those whom they concern have their turn: the other side gets their answers, or their next calls,
/// while what else was read is acted on here. With everything acted on first, the two sides would take turns.
const FRAMES_AT_ONCE: usize = 32;
/// The same while a long body comes: what is read beyond the end of its chunk has to be copied.
const READ_BETWEEN_CHUNKS: usize = 4 << 10;
/// How many bodies of requests may be on their way in at once.
const BODIES_MAX: usize = 1024;
/// How many bytes these may have together.
const BODIES_BYTES_MAX: u64 = 512 << 20;
/// When a call that was refused for that reason may be made again.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// Reads one connection.
pub(super) struct Reader {
    connection: Arc<Connection>,
    exposed: Arc<Exposed>,
    io: ReadHalf,
    buffer: BytesMut,
    /// The chunk that is being read.
    chunk: Option<Partial>,
    /// Requests whose bodies are on their way in.
    requests: BTreeMap<u64, (Call, Assembly)>,
    requests_bytes: u64,
    /// Answers whose bodies are on their way in.
    answers: BTreeMap<u64, (Answer, Assembly)>,
    /// Answers that came with what is in the buffer, in their order.
    arrived: Vec<(u64, Arrived)>,
}

/// What is in the buffer after some of it was acted on.
enum Buffered {
    /// Nothing that is complete.
    Exhausted,
    /// More, perhaps.
    More,
}

/// A chunk of which some bytes are still to come.
#[derive(Clone, Copy)]
struct Partial {
    chunk: Chunk,
    left: usize,
}

/// What an answer's body is.
#[derive(Clone, Copy)]
enum Answer {
    Reply(u32),
    Item,
}

/// An answer that is complete.
enum Arrived {
    Once(Option<u32>, CallResult<Encoded>),
    Item(Encoded),
    End(u32),
}

/// Why a connection is not read any more.
pub(crate) struct Ended {
    /// For the log, and for those whose calls were lost.
    pub(crate) text: String,
    /// What is said to the other side.
    pub(crate) farewell: Option<GoAway>,
    /// Whether the other side has answered every call that it has begun.
    pub(crate) all_answered: bool,
}

impl Reader {
    pub(super) fn new(connection: Arc<Connection>, exposed: Arc<Exposed>, io: ReadHalf) -> Self {
        Self {
            connection,
            exposed,
            io,
            buffer: BytesMut::new(),
            chunk: None,
            requests: BTreeMap::new(),
            requests_bytes: 0,
            answers: BTreeMap::new(),
            arrived: Vec::new(),
        }
    }

    /// Reads until the connection ends.
    pub(super) async fn run(&mut self) -> Ended {
        loop {
            let read = self.read_buffered();
            self.deliver();
            self.forget_answers();
            match read {
                Ok(Buffered::Exhausted) => {}
                Ok(Buffered::More) => {
                    tokio::task::yield_now().await;
                    continue;
                }
                Err(ended) => return ended,
            }
            match self.fill().await {
                Ok(0) => return Ended::quietly("it was closed by the other side"),
                Ok(_) => {}
                Err(error) => return Ended::quietly(&error.to_string()),
            }
        }
    }

    /// Forgets answers on their way in that nobody waits for any more: what is left of them may never come.
    fn forget_answers(&mut self) {
        if !self.answers.is_empty() {
            let calls = &mut self.connection.lock().calls;
            self.answers.retain(|&id, _| calls.knows(id));
        }
    }

    /// Reads more: into the body whose chunk is being read, otherwise into the buffer.
    async fn fill(&mut self) -> std::io::Result<usize> {
        if let Some(Partial { chunk, left }) = self.chunk
            && let Some(assembly) = self.assembly(chunk)
        {
            let limit = left.min(assembly.lacks());
            let mut body = std::mem::take(assembly.buffer());
            let read = self.io.read_buf(&mut (&mut body).limit(limit)).await;
            if let Some(assembly) = self.assembly(chunk) {
                *assembly.buffer() = body;
            }
            let read = read?;
            self.came(chunk, left, read);
            return Ok(read);
        }
        let limit = if self.requests.is_empty() && self.answers.is_empty() { READ } else { READ_BETWEEN_CHUNKS };
        self.buffer.reserve(limit);
        let read = self.io.read_buf(&mut (&mut self.buffer).limit(limit)).await?;
        if read == limit {
            // There is more, of a long body perhaps. Others on this thread come first, and the writer with what they add.
            tokio::task::yield_now().await;
        }
        Ok(read)
    }

    /// Acts on what is complete in the buffer.
    fn read_buffered(&mut self) -> Result<Buffered, Ended> {
        let now = Instant::now();
        for _ in 0..FRAMES_AT_ONCE {
            if self.chunk.is_some() {
                self.take_buffered_chunk();
                self.complete()?;
                if self.chunk.is_some() {
                    return Ok(Buffered::Exhausted);
                }
            }
            let Some(prefix) = Prefix::decode(&self.buffer)? else { return Ok(Buffered::Exhausted) };
            if Chunk::is(&prefix) {
                let Some(chunk) = Chunk::decode(&prefix, &self.buffer)? else { return Ok(Buffered::Exhausted) };
                self.buffer.advance(CHUNK_HEADER);
                self.begin_chunk(chunk)?;
                continue;
            }
            let length = PREFIX + prefix.length;
            if self.buffer.len() < length {
                self.buffer.reserve(length - self.buffer.len());
                return Ok(Buffered::Exhausted);
            }
            let frame = self.buffer.split_to(length).freeze();
            self.act(&prefix, &frame, now)?;
        }
        Ok(Buffered::More)
    }

    fn act(&mut self, prefix: &Prefix, frame: &Bytes, now: Instant) -> Result<(), Ended> {
        match Frame::of(prefix, &frame[PREFIX..])? {
            Frame::Request(request) => self.request(&request, frame, now),
            Frame::Reply(reply) => self.answer(reply.id, Answer::Reply(reply.depth), &reply.body, frame),
            Frame::Item(item) => self.answer(item.id, Answer::Item, &item.body, frame),
            Frame::Failure(failure) => {
                let arrived = Arrived::Once(Some(failure.depth), Err(failure.error));
                self.arrived.push((failure.id, arrived));
                Ok(())
            }
            Frame::End(end) => {
                self.arrived.push((end.id, Arrived::End(end.depth)));
                Ok(())
            }
            Frame::Cancel(Cancel { id }) => {
                self.forget_request(id);
                self.connection.cancel(id);
                Ok(())
            }
            Frame::Credit(Credit { id, items }) => match self.connection.lock().serving.credit(id, items) {
                true => Ok(()),
                false => {
                    Err(Malformed::OutOfPlace { frame: "Credit", place: "for more items than anybody reads" }.into())
                }
            },
            Frame::Ping(ping) => {
                self.connection.change(|state| Pong(ping.0).encode(&mut state.outgoing.frames));
                Ok(())
            }
            Frame::GoAway(GoAway { reason, text, all_answered, last }) => {
                if let Some(last) = last {
                    self.connection.lock().calls.begun_up_to(last);
                }
                self.connection.left.store(reason == Reason::Going, Ordering::Relaxed);
                Err(Ended { all_answered, ..Ended::quietly(&format!("the other side ends it: {text}")) })
            }
            Frame::Pong(_) | Frame::Unknown(_) => Ok(()),
            other => Err(Malformed::OutOfPlace { frame: other.name(), place: "on a data connection" }.into()),
        }
    }

    fn request(&mut self, request: &Request<'_>, frame: &Bytes, now: Instant) -> Result<(), Ended> {
        let call = Call::of(&request.header, now);
        let inline = shared(frame, request.body.inline);
        if let Some(body) = whole(&request.body, &inline) {
            return self.begin(call, body);
        }
        if request.body.length() > self.exposed.body_max {
            return Err(too_long("a request", &request.body, self.exposed.body_max));
        }
        if self.requests.contains_key(&call.id) {
            return Err(Malformed::OutOfPlace { frame: "Request", place: "of a call that has begun" }.into());
        }
        if let Err(error) = self.exposed.find(request.header.method) {
            self.connection.refuse(call.id, error);
            return Ok(());
        }
        self.make_room(now);
        if self.requests.len() >= BODIES_MAX || self.requests_bytes + request.body.length() > BODIES_BYTES_MAX {
            self.connection.refuse(call.id, ErrorKind::Overloaded { retry_after: RETRY_AFTER }.into());
            return Ok(());
        }
        self.requests_bytes += request.body.length();
        self.requests.insert(call.id, (call, Assembly::new(&request.body, inline)));
        Ok(())
    }

    /// Forgets requests whose bodies did not come in time, if there are many: their callers do not wait any more.
    fn make_room(&mut self, now: Instant) {
        const MANY: usize = BODIES_MAX / 16;
        if self.requests.len() >= MANY {
            let late: Vec<u64> =
                self.requests.iter().filter(|(_, (call, _))| call.deadline <= now).map(|(&id, _)| id).collect();
            late.into_iter().for_each(|id| self.forget_request(id));
        }
    }

    fn forget_request(&mut self, id: u64) {
        if let Some((_, assembly)) = self.requests.remove(&id) {
            self.requests_bytes -= assembly.length();
        }
    }

    fn begin(&mut self, call: Call, body: Encoded) -> Result<(), Ended> {
        serve::begin(&self.connection, &self.exposed, call, body)
            .map_err(|_| Malformed::OutOfPlace { frame: "Request", place: "of a call that has begun" }.into())
    }

    fn answer(&mut self, id: u64, kind: Answer, view: &BodyView<'_>, frame: &Bytes) -> Result<(), Ended> {
        let inline = shared(frame, view.inline);
        if let Some(body) = whole(view, &inline) {
            self.arrived.push((id, kind.arrived(body)));
            return Ok(());
        }
        if view.length() > self.exposed.body_max {
            return Err(too_long("an answer", view, self.exposed.body_max));
        }
        if self.answers.contains_key(&id) {
            return Err(Malformed::OutOfPlace { frame: "Item", place: "before the one ahead of it is complete" }.into());
        }
        // An answer for nobody costs nothing: its chunks are passed over.
        if self.connection.lock().calls.knows(id) {
            self.answers.insert(id, (kind, Assembly::new(view, inline)));
        }
        Ok(())
    }

    fn begin_chunk(&mut self, chunk: Chunk) -> Result<(), Ended> {
        if self.assembly(chunk).is_some_and(|assembly| chunk.length > assembly.lacks()) {
            return Err(Malformed::OutOfPlace { frame: "Chunk", place: "beyond the end of its part" }.into());
        }
        self.chunk = Some(Partial { chunk, left: chunk.length });
        Ok(())
    }

    /// Moves what is in the buffer of the current chunk.
    fn take_buffered_chunk(&mut self) {
        let Some(Partial { chunk, left }) = self.chunk else { return };
        let here = self.buffer.split_to(left.min(self.buffer.len()));
        if let Some(assembly) = self.assembly(chunk) {
            assembly.buffer().extend_from_slice(&here);
        }
        self.came(chunk, left, here.len());
    }

    /// Notes that so many bytes more of a chunk have come.
    fn came(&mut self, chunk: Chunk, left: usize, bytes: usize) {
        self.chunk = Some(Partial { chunk, left: left - bytes });
    }

    /// Acts on the body of the current chunk, if that has come to its end.
    fn complete(&mut self) -> Result<(), Ended> {
        let Some(Partial { chunk, left: 0 }) = self.chunk else { return Ok(()) };
        self.chunk = None;
        let Some(assembly) = self.assembly(chunk) else { return Ok(()) };
        assembly.settle();
        if !assembly.is_complete() {
            return Ok(());
        }
        if chunk.to_caller {
            if let Some((kind, assembly)) = self.answers.remove(&chunk.id) {
                self.arrived.push((chunk.id, kind.arrived(assembly.finish())));
            }
            return Ok(());
        }
        let Some((call, assembly)) = self.requests.remove(&chunk.id) else { return Ok(()) };
        self.requests_bytes -= assembly.length();
        self.begin(call, assembly.finish())
    }

    fn assembly(&mut self, chunk: Chunk) -> Option<&mut Assembly> {
        match chunk.to_caller {
            true => self.answers.get_mut(&chunk.id).map(|(_, assembly)| assembly),
            false => self.requests.get_mut(&chunk.id).map(|(_, assembly)| assembly),
        }
    }

    /// Gives the answers that came to those who wait for them: with one lock for all, and none while they are woken.
    fn deliver(&mut self) {
        if self.arrived.is_empty() {
            return;
        }
        let mut wakers: Vec<Waker> = Vec::with_capacity(self.arrived.len());
        let mut overrun = false;
        let mut state = self.connection.lock();
        for (id, arrived) in self.arrived.drain(..) {
            wakers.extend(match arrived {
                Arrived::Once(depth, result) => state.calls.answer(id, depth, result),
                Arrived::End(depth) => state.calls.end(id, depth),
                Arrived::Item(item) => state.calls.item(id, item).unwrap_or_else(|_| {
                    overrun = true;
                    None
                }),
            });
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        if overrun {
            let ended = Ended::from(Malformed::OutOfPlace { frame: "Item", place: "without credit" });
            self.connection.close(&ended.text, ended.farewell);
        }
    }
}

impl Answer {
    fn arrived(self, body: Encoded) -> Arrived {
        match self {
            Answer::Reply(depth) => Arrived::Once(Some(depth), Ok(body)),
            Answer::Item => Arrived::Item(body),
        }
    }
}

impl Ended {
    /// An end that the other side knows of.
    fn quietly(text: &str) -> Self {
        Self { text: text.into(), farewell: None, all_answered: false }
    }
}

impl From<Malformed> for Ended {
    fn from(malformed: Malformed) -> Self {
        let text = format!("it sent {malformed}");
        let farewell = Some(GoAway::new(Reason::Malformed, format!("you sent {malformed}")));
        Self { text, farewell, all_answered: false }
    }
}

fn too_long(what: &str, body: &BodyView<'_>, limit: u64) -> Ended {
    let text = format!("{what} of {} bytes, {limit} are allowed", body.length());
    Ended {
        farewell: Some(GoAway::new(Reason::Malformed, format!("you sent {text}"))),
        text: format!("it sent {text}"),
        all_answered: false,
    }
}
