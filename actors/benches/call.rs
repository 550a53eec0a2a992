//! A call through client, router, mailbox, worker and back, beside the round trip of a raw actix `Addr::send` to a
//! `ResponseFuture` handler: on one arbiter, across arbiters, and with 64 in flight.
//!
//! Both sides of each pair run in turns within one process; the last lines are medians and their ratios.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_types, clippy::disallowed_methods)]

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use futures_util::stream::{FuturesUnordered, StreamExt};
use playhouse_actors::{
    Arbiters, Client, Executor, Failure, InitContext, MethodOptions, Methods, Requirement, Runtime, Service, Settings,
    Unary,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const ROUND_TRIPS: u32 = 20_000;
const ACROSS: u32 = 2_000;
const IN_FLIGHT: usize = 64;
const REPETITIONS: usize = 15;

struct Raw;

struct RawEcho(u64);

impl actix::Message for RawEcho {
    type Result = u64;
}

impl Actor for Raw {
    type Context = Context<Self>;
}

impl Handler<RawEcho> for Raw {
    type Result = ResponseFuture<u64>;

    fn handle(&mut self, RawEcho(value): RawEcho, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move { value })
    }
}

struct Echoes;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Echo {
    value: u64,
}

impl playhouse_actors::Message for Echo {
    const SERVICE: &'static str = "Echoes";
    const METHOD: &'static str = "echo";
    type Reply = u64;
}

impl Unary for Echo {}

impl Service for Echoes {
    const NAME: &'static str = "Echoes";
    const DOC: &'static str = "";

    fn settings() -> Settings {
        Settings { workers: Some(1), ..Settings::default() }
    }

    fn requirements() -> Vec<Requirement> {
        Vec::new()
    }

    fn methods(table: &mut Methods<Self>) {
        table.unary(MethodOptions::default(), |_: Rc<Self>, Echo { value }| async move { Ok::<_, Failure>(value) });
    }

    async fn init(_: &InitContext) -> Result<Self, Failure> {
        Ok(Self)
    }
}

async fn raw_one(addr: &Addr<Raw>, count: u32) -> Duration {
    let begin = Instant::now();
    for value in 0..u64::from(count) {
        assert_eq!(addr.send(RawEcho(value)).await.unwrap(), value);
    }
    begin.elapsed() / count
}

async fn ours_one(client: &Client, count: u32) -> Duration {
    let begin = Instant::now();
    for value in 0..u64::from(count) {
        assert_eq!(client.call(Echo { value }).await.unwrap(), value);
    }
    begin.elapsed() / count
}

async fn raw_many(addr: &Addr<Raw>, count: u32) -> Duration {
    let begin = Instant::now();
    let mut running: FuturesUnordered<_> = (0..IN_FLIGHT as u64).map(|value| addr.send(RawEcho(value))).collect();
    for value in 0..u64::from(count) {
        running.next().await.unwrap().unwrap();
        running.push(addr.send(RawEcho(value)));
    }
    while running.next().await.is_some() {}
    begin.elapsed() / count
}

async fn ours_many(client: &Client, count: u32) -> Duration {
    let begin = Instant::now();
    let call = |value| client.call(Echo { value });
    let mut running: FuturesUnordered<_> = (0..IN_FLIGHT as u64).map(call).collect();
    for value in 0..u64::from(count) {
        running.next().await.unwrap().unwrap();
        running.push(call(value));
    }
    while running.next().await.is_some() {}
    begin.elapsed() / count
}

/// Runs both sides in turns and prints the medians and their ratio.
macro_rules! compare {
    ($what:literal, $raw:expr, $ours:expr) => {{
        let (mut raw, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            raw.push($raw.await);
            ours.push($ours.await);
        }
        raw.sort();
        ours.sort();
        let (raw, ours) = (raw[REPETITIONS / 2], ours[REPETITIONS / 2]);
        println!("{:<28} {raw:>12.2?} {ours:>12.2?} {:>8.2}", $what, ours.as_secs_f64() / raw.as_secs_f64());
    }};
}

async fn runtime(control: &ArbiterHandle, shared: ArbiterHandle) -> Client {
    let executor = Executor::Arbiters(Arbiters::new(control.clone(), vec![shared]));
    let runtime = Runtime::builder(executor).service::<Echoes>().start().await.unwrap();
    runtime.client_of("Echoes").unwrap()
}

fn main() {
    System::new().block_on(async {
        let control = Arbiter::new().handle();
        let other = Arbiter::new();
        println!("{:<28} {:>12} {:>12} {:>8}", "per call", "raw actix", "playhouse", "ratio");
        let raw = Raw.start();
        let ours = runtime(&control, Arbiter::current()).await;
        compare!("same arbiter, 1 in flight", raw_one(&raw, ROUND_TRIPS), ours_one(&ours, ROUND_TRIPS));
        compare!("same arbiter, 64 in flight", raw_many(&raw, ROUND_TRIPS), ours_many(&ours, ROUND_TRIPS));
        let raw = Raw::start_in_arbiter(&other.handle(), |_| Raw);
        let ours = runtime(&control, other.handle()).await;
        compare!("across, 1 in flight", raw_one(&raw, ACROSS), ours_one(&ours, ACROSS));
        compare!("across, 64 in flight", raw_many(&raw, ROUND_TRIPS), ours_many(&ours, ROUND_TRIPS));
    });
}
