//! The bare echo: what a call costs without anything around it.
//!
//! `head length u32 | payload length u32 | head in MessagePack: (id, is_tensor) | payload`. A payload of more than 32 KiB
//! is read into a buffer of its own and written beside the others.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::rc::Rc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use slab::Slab;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{Notify, oneshot};

use crate::Sample;

const LONG: usize = 32 << 10;

type Head = (u64, bool);

/// What waits to be written.
#[derive(Default)]
struct Out {
    pieces: RefCell<VecDeque<Bytes>>,
    buffer: RefCell<Vec<u8>>,
    notify: Notify,
}

impl Out {
    fn push(&self, head: Head, payload: Payload<'_>) {
        let mut buffer = self.buffer.borrow_mut();
        let start = buffer.len();
        buffer.extend_from_slice(&[0; 8]);
        rmp_serde::encode::write(&mut *buffer, &head).expect("it has a form");
        let head_end = buffer.len();
        let beside = match payload {
            Payload::Sample(sample) => {
                rmp_serde::encode::write_named(&mut *buffer, sample).expect("it has a form");
                Bytes::new()
            }
            Payload::Tensor(bytes) if bytes.len() <= LONG => {
                buffer.extend_from_slice(&bytes);
                Bytes::new()
            }
            Payload::Tensor(bytes) => bytes,
        };
        let length = buffer.len() - head_end + beside.len();
        let head_length = (head_end - start - 8) as u32;
        buffer[start..start + 4].copy_from_slice(&head_length.to_le_bytes());
        buffer[start + 4..start + 8].copy_from_slice(&(length as u32).to_le_bytes());
        if !beside.is_empty() {
            let mut pieces = self.pieces.borrow_mut();
            pieces.push_back(std::mem::take(&mut *buffer).into());
            pieces.push_back(beside);
        }
        self.notify.notify_one();
    }
}

enum Payload<'a> {
    Sample(&'a Sample),
    Tensor(Bytes),
}

async fn write(out: Rc<Out>, mut io: WriteHalf) {
    loop {
        out.notify.notified().await;
        tokio::task::yield_now().await;
        let mut pieces = out.pieces.take();
        let buffer = out.buffer.take();
        if !pieces.is_empty() {
            pieces.push_back(buffer.into());
            let mut slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
            let mut rest = slices.as_mut_slice();
            IoSlice::advance_slices(&mut rest, 0);
            while !rest.is_empty() {
                let Ok(written) = io.write_vectored(rest).await else { return };
                IoSlice::advance_slices(&mut rest, written);
            }
        } else {
            if io.write_all(&buffer).await.is_err() {
                return;
            }
            let mut buffer = buffer;
            buffer.clear();
            let mut current = out.buffer.borrow_mut();
            if current.is_empty() {
                *current = buffer;
            }
        }
    }
}

/// Reads frames, and hands each to `act`.
async fn read(mut io: ReadHalf, mut act: impl FnMut(Head, Bytes)) {
    let mut buffer = BytesMut::new();
    loop {
        while buffer.len() >= 8 {
            let head_length = u32::from_le_bytes(buffer[..4].try_into().expect("4")) as usize;
            let length = u32::from_le_bytes(buffer[4..8].try_into().expect("4")) as usize;
            if buffer.len() < 8 + head_length || (length <= LONG && buffer.len() < 8 + head_length + length) {
                break;
            }
            let head: Head = rmp_serde::from_slice(&buffer[8..8 + head_length]).expect("a head");
            buffer.advance(8 + head_length);
            if length <= LONG {
                act(head, buffer.split_to(length).freeze());
                continue;
            }
            let mut payload = BytesMut::with_capacity(length);
            let here = buffer.split_to(length.min(buffer.len()));
            payload.extend_from_slice(&here);
            while payload.len() < length {
                let rest = length - payload.len();
                if io.read_buf(&mut (&mut payload).limit(rest)).await.is_ok_and(|read| read == 0) {
                    return;
                }
            }
            act(head, payload.freeze());
        }
        buffer.reserve(64 << 10);
        if !io.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
            return;
        }
    }
}

/// Gives back what comes.
pub async fn answer((read_half, write_half): Halves) {
    let out = Rc::new(Out::default());
    tokio::task::spawn_local(write(Rc::clone(&out), write_half));
    let echo = |head: Head, payload: Bytes| {
        if head.1 {
            return out.push(head, Payload::Tensor(payload));
        }
        let sample: Sample = rmp_serde::from_slice(&payload).expect("a sample");
        out.push(head, Payload::Sample(&sample));
    };
    read(read_half, echo).await;
}

/// Makes calls on one connection.
#[derive(Clone)]
pub struct Caller {
    out: Rc<Out>,
    pending: Rc<RefCell<Slab<oneshot::Sender<Bytes>>>>,
}

impl Caller {
    /// Has to be called in a `LocalSet`.
    #[must_use]
    pub fn new((read_half, write_half): Halves) -> Self {
        let caller = Self { out: Rc::default(), pending: Rc::default() };
        tokio::task::spawn_local(write(Rc::clone(&caller.out), write_half));
        let pending = Rc::clone(&caller.pending);
        tokio::task::spawn_local(read(read_half, move |(id, _), payload| {
            drop(pending.borrow_mut().remove(id as usize).send(payload));
        }));
        caller
    }

    async fn call(&self, is_tensor: bool, payload: Payload<'_>) -> Bytes {
        let (sender, answer) = oneshot::channel();
        let id = self.pending.borrow_mut().insert(sender);
        self.out.push((id as u64, is_tensor), payload);
        answer.await.expect("an answer")
    }
}

impl crate::Caller for Caller {
    async fn echo(&self, sample: Sample) -> Sample {
        rmp_serde::from_slice(&self.call(false, Payload::Sample(&sample)).await).expect("a sample")
    }

    async fn tensor(&self, tensor: Bytes) -> Option<usize> {
        Some(self.send(tensor).await.len())
    }
}

impl Caller {
    /// One call with bytes, which come back.
    pub async fn send(&self, bytes: Bytes) -> Bytes {
        self.call(true, Payload::Tensor(bytes)).await
    }
}

type ReadHalf = Box<dyn AsyncRead + Unpin>;
type WriteHalf = Box<dyn AsyncWrite + Unpin>;
/// Both directions of a connection.
pub type Halves = (ReadHalf, WriteHalf);

/// A connection over TCP.
#[must_use]
pub fn tcp(stream: TcpStream) -> Halves {
    stream.set_nodelay(true).expect("TCP");
    let (read, write) = stream.into_split();
    (Box::new(read), Box::new(write))
}

/// A connection over a unix socket.
#[must_use]
pub fn unix(stream: UnixStream) -> Halves {
    let (read, write) = stream.into_split();
    (Box::new(read), Box::new(write))
}
