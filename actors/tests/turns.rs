//! What a call does within its caller's turn, where both are on one thread.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures_util::future::join_all;
use playhouse_actors::{AnyClient, CallContext, Result, service};
use serde_json::{Value, json};
use support::{here, settle, simulate};

thread_local! {
    /// By which the service calls itself: as a parameter of its constructor it would be a cycle.
    static ITSELF: RefCell<Option<AnyClient>> = const { RefCell::new(None) };
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static DEEPEST: Cell<u32> = const { Cell::new(0) };
    static BATCHES: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Counts how many of its methods are being polled within one another.
struct Within;

impl Within {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        DEEPEST.set(DEEPEST.get().max(DEPTH.get()));
        Within
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Calls that are made within calls.
pub struct Nested;

#[service(workers = 12)]
impl Nested {
    #[init]
    fn new() -> Self {
        Nested
    }

    #[api]
    async fn double(&self, number: u32) -> Result<u32> {
        Ok(number * 2)
    }

    /// Calls itself so often.
    #[api]
    async fn down(&self, floors: u32) -> Result<u32> {
        if floors == 0 {
            return Ok(0);
        }
        let itself = ITSELF.with_borrow(|itself| itself.clone().unwrap());
        let arguments = json!({ "floors": floors - 1 });
        let mut below = pin!(itself.call_json("down", arguments));
        let below: Value = std::future::poll_fn(|cx| {
            let _within = Within::enter();
            below.as_mut().poll(cx)
        })
        .await?;
        Ok(below.as_u64().unwrap() as u32 + 1)
    }

    /// The deadline that its own calls would inherit.
    #[api]
    async fn milliseconds_left(&self) -> Result<u64> {
        let left = CallContext::current().unwrap().deadline - tokio::time::Instant::now();
        Ok(left.as_millis() as u64)
    }

    #[api]
    async fn fail(&self) -> Result<u32> {
        panic!("on purpose")
    }

    #[api(batch(max_size = 32))]
    async fn total(&self, numbers: Vec<u32>) -> Result<Vec<u32>> {
        BATCHES.with_borrow_mut(|batches| batches.push(numbers.len()));
        Ok(numbers)
    }
}

/// Polls once, with nobody to wake.
fn once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn what_does_not_await_has_answered_when_its_caller_looks() {
    simulate(|| async {
        let runtime = here().service::<Nested>().start().await.unwrap();
        let client: NestedClient = runtime.client().unwrap();
        settle().await;
        for number in 0..20 {
            assert!(matches!(once(client.double(number)), Poll::Ready(Ok(doubled)) if doubled == number * 2));
        }
    });
}

#[test]
fn calls_within_calls_have_their_turns_nested_only_so_deep() {
    simulate(|| async {
        let runtime = here().service::<Nested>().start().await.unwrap();
        ITSELF.set(Some(runtime.any_client("Nested").unwrap()));
        let client: NestedClient = runtime.client().unwrap();
        // More than there are workers: some are called by what they run themselves.
        assert_eq!(client.down(50).await, Ok(50));
        assert_eq!(DEEPEST.get(), 4);
    });
}

#[test]
fn a_method_finds_its_own_context_around_it_and_its_caller_finds_its_own_afterwards() {
    simulate(|| async {
        let runtime = here().service::<Nested>().start().await.unwrap();
        let client: NestedClient = runtime.client().unwrap();
        let short = client.clone().with_timeout(std::time::Duration::from_millis(70));
        assert_eq!(short.milliseconds_left().await, Ok(70));
        assert_eq!(CallContext::current(), None);
        assert!(client.milliseconds_left().await.unwrap() > 70);
    });
}

#[test]
fn a_panic_is_the_error_of_its_call_and_of_nothing_around_it() {
    simulate(|| async {
        let runtime = here().service::<Nested>().start().await.unwrap();
        let client: NestedClient = runtime.client().unwrap();
        assert_eq!(client.double(1).await, Ok(2));
        assert!(client.fail().await.unwrap_err().to_string().contains("on purpose"));
        assert_eq!(client.double(2).await, Ok(4));
    });
}

#[test]
fn a_batch_still_gathers_what_is_called_at_once() {
    simulate(|| async {
        let runtime = here().service::<Nested>().start().await.unwrap();
        let client: NestedClient = runtime.client().unwrap();
        settle().await;
        let calls = (0..8).map(|number| client.total(number));
        assert!(join_all(calls).await.into_iter().all(|answer| answer.is_ok()));
        assert_eq!(BATCHES.take(), [8]);
    });
}
