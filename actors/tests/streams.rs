//! Streaming methods: order, pace, errors, and what happens when either side goes away.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::Cell;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use playhouse_actors::{Codec, Encoded, ErrorKind, Items, Result, Runtime, service};
use support::{gauge, here, settle, simulate, stats};
use tokio::time::Instant;

thread_local! {
    static MADE: Cell<u32> = const { Cell::new(0) };
}

/// Counts.
pub struct Counter {
    step: u32,
}

#[service(workers = 1, slots = 2, traffic(timeout = "1s", idle_timeout = "300ms"))]
impl Counter {
    #[init]
    fn new() -> Self {
        Counter { step: 1 }
    }

    /// Numbers up to `to`; each is made when the one before has been taken over.
    #[api]
    fn count(&self, to: u32) -> impl Stream<Item = Result<u32>> {
        let here = gauge().enter();
        stream::iter(0..to).map(move |n| {
            let _ = &here;
            MADE.set(n + 1);
            Ok(n * self.step)
        })
    }

    /// Fails at `at`.
    #[api]
    fn fail(&self, at: u32) -> impl Stream<Item = Result<u32>> {
        stream::iter(0..=at).map(move |n| if n == at { Err("enough".into()) } else { Ok(n) })
    }

    /// One item after each pause.
    #[api]
    fn slowly(&self, pauses_ms: Vec<u64>) -> impl Stream<Item = Result<u64>> {
        let here = gauge().enter();
        stream::iter(pauses_ms).then(move |ms| {
            let _ = &here;
            async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(ms)
            }
        })
    }

    #[api]
    fn panic(&self, after: u32) -> impl Stream<Item = Result<u32>> {
        stream::iter(0..).map(move |n| {
            assert!(n < after, "no further");
            Ok(n)
        })
    }
}

async fn counter() -> (Runtime, CounterClient) {
    let runtime = here().service::<Counter>().start().await.unwrap();
    let client = runtime.client().unwrap();
    (runtime, client)
}

async fn all<T: 'static>(items: Items<T>) -> Vec<std::result::Result<T, ErrorKind>> {
    items.map(|item| item.map_err(|error| error.kind().clone())).collect().await
}

#[test]
fn items_come_in_order() {
    simulate(|| async {
        let (_runtime, counter) = counter().await;
        let items = all(counter.count(100).await.unwrap()).await;
        assert_eq!(items, (0..100).map(Ok).collect::<Vec<_>>());
        assert!(all(counter.count(0).await.unwrap()).await.is_empty());
    });
}

#[test]
fn a_stream_goes_at_the_pace_of_its_reader() {
    simulate(|| async {
        let (_runtime, counter) = counter().await;
        let mut items = counter.count(1_000).await.unwrap();
        settle().await;
        let ahead = MADE.get();
        assert!(ahead < 32, "{ahead} made, none taken but the first");
        for expected in 0..500 {
            assert_eq!(items.next().await, Some(Ok(expected)));
        }
        settle().await;
        assert!(MADE.get() - 500 < 32);
    });
}

#[test]
fn dropping_a_stream_cancels_its_method_and_frees_the_slot() {
    simulate(|| async {
        let (runtime, counter) = counter().await;
        let mut items = counter.count(1_000_000).await.unwrap();
        assert_eq!(items.next().await, Some(Ok(0)));
        assert_eq!((gauge().count(), stats(&runtime, "Counter").in_flight), (1, 1));
        drop(items);
        settle().await;
        assert_eq!((gauge().count(), stats(&runtime, "Counter").in_flight), (0, 0));
    });
}

#[test]
fn an_error_before_the_first_item_is_that_of_the_call() {
    simulate(|| async {
        let (_runtime, counter) = counter().await;
        let error = counter.fail(0).await.err().unwrap();
        assert_eq!(error.to_string(), "Counter.fail: enough");
    });
}

#[test]
fn an_error_in_mid_stream_is_its_last_item() {
    simulate(|| async {
        let (_runtime, counter) = counter().await;
        let items = all(counter.fail(3).await.unwrap()).await;
        assert_eq!(items[..3], [Ok(0), Ok(1), Ok(2)]);
        assert!(matches!(items[3], Err(ErrorKind::Service { .. })));
        assert_eq!(items.len(), 4);
        // Further ahead than what a reader takes in advance.
        let items = all(counter.fail(40).await.unwrap()).await;
        assert_eq!(items.len(), 41);
        assert!(items[40].is_err());
    });
}

#[test]
fn a_panic_in_mid_stream_is_seen() {
    simulate(|| async {
        let (_runtime, counter) = counter().await;
        let items = all(counter.panic(2).await.unwrap()).await;
        assert_eq!(items[2], Err(ErrorKind::Panicked { message: "no further".into() }));
        assert_eq!(all(counter.count(1).await.unwrap()).await, [Ok(0)], "there is a new worker");
    });
}

#[test]
fn timeouts_cover_the_first_item_and_each_later_one() {
    simulate(|| async {
        let (runtime, counter) = counter().await;
        let late = counter.slowly(vec![1_500]).await.err().unwrap();
        assert_eq!(late.kind(), &ErrorKind::DeadlineExceeded);
        let start = Instant::now();
        let items = all(counter.slowly(vec![900, 250, 250, 250, 900]).await.unwrap()).await;
        assert_eq!(items[..4], [Ok(900), Ok(250), Ok(250), Ok(250)], "longer than the timeout in all");
        assert_eq!(items[4..], [Err(ErrorKind::DeadlineExceeded)]);
        assert_eq!(start.elapsed(), Duration::from_millis(900 + 3 * 250 + 300));
        settle().await;
        assert_eq!((gauge().count(), stats(&runtime, "Counter").in_flight), (0, 0));
    });
}

#[test]
fn streams_can_be_had_encoded() {
    simulate(|| async {
        let (runtime, _) = counter().await;
        let counter = runtime.any_client("Counter").unwrap();
        let items = counter.stream("count", Encoded::new(Codec::Json, r#"{"to": 3}"#), Codec::Json).await.unwrap();
        let items: Vec<_> = items.map(|item| String::from_utf8(item.unwrap().head.to_vec()).unwrap()).collect().await;
        assert_eq!(items, ["0", "1", "2"]);
    });
}

#[test]
fn a_method_is_called_as_it_answers() {
    simulate(|| async {
        let (runtime, _) = counter().await;
        let counter = runtime.any_client("Counter").unwrap();
        let error = counter.call("count", Encoded::new(Codec::Json, r#"{"to": 3}"#), Codec::Json).await.unwrap_err();
        assert_eq!(error.to_string(), "Counter.count: the method answers by a stream");
    });
}
