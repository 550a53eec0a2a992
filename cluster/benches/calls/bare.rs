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
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::LocalSet;

use crate::measure::{Figures, measure as measure_calls};
use crate::{IN_FLIGHT, Sample, Server, TENSORS};

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
        let mut length = 0;
        match &payload {
            Payload::Sample(sample) => rmp_serde::encode::write_named(&mut *buffer, sample).expect("it has a form"),
            Payload::Tensor(bytes) => length = bytes.len(),
        }
        length += buffer.len() - head_end;
        let head_length = (head_end - start - 8) as u32;
        buffer[start..start + 4].copy_from_slice(&head_length.to_le_bytes());
        buffer[start + 4..start + 8].copy_from_slice(&(length as u32).to_le_bytes());
        if let Payload::Tensor(bytes) = payload {
            let mut pieces = self.pieces.borrow_mut();
            pieces.push_back(std::mem::take(&mut *buffer).into());
            pieces.push_back(bytes);
        }
        self.notify.notify_one();
    }
}

enum Payload<'a> {
    Sample(&'a Sample),
    Tensor(Bytes),
}

async fn write(out: Rc<Out>, mut io: OwnedWriteHalf) {
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
async fn read(mut io: OwnedReadHalf, mut act: impl FnMut(Head, Bytes)) {
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

fn run<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, work)
}

#[expect(clippy::print_stdout, reason = "how the other process learns the address")]
pub(crate) fn serve() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address"));
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("TCP");
        let (io, write_half) = stream.into_split();
        let out = Rc::new(Out::default());
        tokio::task::spawn_local(write(Rc::clone(&out), write_half));
        read(io, |head, payload| {
            if head.1 {
                return out.push(head, Payload::Tensor(payload));
            }
            let sample: Sample = rmp_serde::from_slice(&payload).expect("a sample");
            out.push(head, Payload::Sample(&sample));
        })
        .await;
    });
}

#[derive(Clone)]
struct Caller {
    out: Rc<Out>,
    pending: Rc<RefCell<Slab<oneshot::Sender<Bytes>>>>,
}

impl Caller {
    async fn call(&self, is_tensor: bool, payload: Payload<'_>) -> Bytes {
        let (sender, answer) = oneshot::channel();
        let id = self.pending.borrow_mut().insert(sender);
        self.out.push((id as u64, is_tensor), payload);
        answer.await.expect("an answer")
    }
}

pub(crate) fn measure(server: &Server) -> Vec<Figures> {
    run(async {
        let stream = TcpStream::connect(&server.address).await.expect("a connection");
        stream.set_nodelay(true).expect("TCP");
        let (io, write_half) = stream.into_split();
        let caller = Caller { out: Rc::default(), pending: Rc::default() };
        tokio::task::spawn_local(write(Rc::clone(&caller.out), write_half));
        let pending = Rc::clone(&caller.pending);
        tokio::task::spawn_local(read(io, move |(id, _), payload| {
            drop(pending.borrow_mut().remove(id as usize).send(payload));
        }));
        let mut all = Vec::new();
        for in_flight in IN_FLIGHT {
            let (caller, sample) = (caller.clone(), Sample::new());
            let call = move || {
                let (caller, sample) = (caller.clone(), sample.clone());
                async move {
                    let answer = caller.call(false, Payload::Sample(&sample)).await;
                    drop(rmp_serde::from_slice::<Sample>(&answer).expect("a sample"));
                }
            };
            all.push(measure_calls(in_flight, server.process.id(), call).await);
        }
        let tensor = Bytes::from(vec![1_u8; 1 << 20]);
        for in_flight in TENSORS {
            let (caller, tensor) = (caller.clone(), tensor.clone());
            let call = move || {
                let (caller, tensor) = (caller.clone(), tensor.clone());
                async move { assert_eq!(caller.call(true, Payload::Tensor(tensor)).await.len(), 1 << 20) }
            };
            all.push(measure_calls(in_flight, server.process.id(), call).await);
        }
        all
    })
}
