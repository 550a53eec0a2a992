//! What the design relies on in actix 0.13, one test for each fact. When one fails after an update, `group/worker.rs`
//! and `executor.rs` have to be thought through again.

#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;

/// Says in its drop whether it unwound.
struct Guard(Rc<Cell<Option<bool>>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.set(Some(std::thread::panicking()));
    }
}

struct Victim(#[expect(dead_code, reason = "for its drop")] Guard);

impl Actor for Victim {
    type Context = Context<Self>;
}

struct Panic;
struct Stop;
struct Hello;

impl Message for Panic {
    type Result = ();
}
impl Message for Stop {
    type Result = ();
}
impl Message for Hello {
    type Result = u32;
}

impl Handler<Panic> for Victim {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("in a handler");
    }
}

impl Handler<Stop> for Victim {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

impl Handler<Hello> for Victim {
    type Result = u32;

    fn handle(&mut self, _: Hello, _: &mut Self::Context) -> u32 {
        1
    }
}

fn victim() -> (Addr<Victim>, Rc<Cell<Option<bool>>>) {
    let dropped = Rc::default();
    (Victim(Guard(Rc::clone(&dropped))).start(), dropped)
}

/// An actor is dropped when it ends, however it ends: this is what `Exit` in `group/worker.rs` reports by.
#[actix_rt::test]
async fn an_actors_fields_are_dropped_by_a_panic_and_by_a_stop() {
    for (by_panic, expected) in [(true, true), (false, false)] {
        let (addr, dropped) = victim();
        if by_panic {
            assert!(addr.send(Panic).await.is_err());
        } else {
            addr.send(Stop).await.unwrap();
        }
        while dropped.get().is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(dropped.get(), Some(expected));
        assert!(addr.send(Hello).await.is_err());
    }
}

/// A panic ends one actor; its neighbours on the arbiter go on.
#[actix_rt::test]
async fn a_panic_leaves_the_arbiter_alone() {
    let (victim, _dropped) = victim();
    let (neighbour, _alive) = self::victim();
    assert!(victim.send(Panic).await.is_err());
    assert_eq!(neighbour.send(Hello).await, Ok(1));
}

/// The capacity of an actix mailbox bounds nothing: that is why groups have a mailbox of their own.
#[actix_rt::test]
async fn the_capacity_of_a_mailbox_is_no_bound() {
    struct Small;

    impl Actor for Small {
        type Context = Context<Self>;

        fn started(&mut self, ctx: &mut Self::Context) {
            ctx.set_mailbox_capacity(1);
        }
    }

    impl Handler<Hello> for Small {
        type Result = ResponseFuture<u32>;

        fn handle(&mut self, _: Hello, _: &mut Self::Context) -> Self::Result {
            Box::pin(std::future::pending())
        }
    }

    let addr = Small.start();
    for _ in 0..10_000 {
        addr.do_send(Hello);
    }
    tokio::task::yield_now().await;
    assert!(addr.connected());
}

/// Without a `System`, in a bare `LocalSet`, actors start and keep tokio's time: this is `Executor::Current`.
#[test]
fn actors_run_in_a_bare_local_set_on_a_paused_clock() {
    struct Ticker(Rc<Cell<u32>>);

    impl Actor for Ticker {
        type Context = Context<Self>;

        fn started(&mut self, ctx: &mut Self::Context) {
            ctx.run_interval(Duration::from_secs(1), |ticker, _| ticker.0.set(ticker.0.get() + 1));
        }
    }

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let ticks = Rc::new(Cell::new(0));
        let _ticker = Ticker(Rc::clone(&ticks)).start();
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        assert_eq!(ticks.get(), 3);
    });
}

/// An arbiter that is stopped tells those who send to it later.
#[actix_rt::test]
async fn a_stopped_arbiter_refuses_work() {
    let arbiter = Arbiter::new();
    let handle = arbiter.handle();
    assert!(handle.spawn_fn(|| {}));
    arbiter.stop();
    arbiter.join().unwrap();
    assert!(!handle.spawn_fn(|| {}));
}
