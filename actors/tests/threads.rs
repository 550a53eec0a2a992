//! Workers on real threads: dedicated ones that compute, shared ones that are held up. Everything waits for events; the
//! limits on those waits are only for a run that fails.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use playhouse_actors::{Arbiters, Builder, ErrorKind, Executor, Result, Runtime, WorkerIndex, service};
use support::stats;

const LIMIT: Duration = Duration::from_secs(20);

/// A gate that a computation waits at, and the sign that it has come there.
struct Gate {
    arrived: (Sender<()>, Mutex<Receiver<()>>),
    open: (Sender<()>, Mutex<Receiver<()>>),
}

impl Gate {
    fn new() -> Self {
        let with_lock = |(sender, receiver)| (sender, Mutex::new(receiver));
        Self { arrived: with_lock(channel()), open: with_lock(channel()) }
    }

    /// Blocks the calling thread until the test opens the gate.
    fn pass(&self) {
        self.arrived.0.send(()).unwrap();
        self.open.1.lock().unwrap().recv_timeout(LIMIT).unwrap();
    }

    fn open(&self) {
        self.open.0.send(()).unwrap();
    }

    fn await_arrival(&self) {
        self.arrived.1.lock().unwrap().recv_timeout(LIMIT).unwrap();
    }

    fn has_arrival(&self) -> bool {
        self.arrived.1.lock().unwrap().try_recv().is_ok()
    }
}

static COMPUTING: LazyLock<Gate> = LazyLock::new(Gate::new);
static HOLDING: LazyLock<Gate> = LazyLock::new(Gate::new);

/// Computes on a thread of its own; its state need not be `Send`.
pub struct Compute {
    index: usize,
    made_on: ThreadId,
    seen: Rc<RefCell<u32>>,
}

#[service(workers = 2)]
impl Compute {
    #[init]
    fn new(index: WorkerIndex) -> Self {
        Compute { index: index.0, made_on: std::thread::current().id(), seen: Rc::default() }
    }

    /// Says on which worker it ran, if that is the thread where it was made.
    #[api]
    fn place(&self) -> Result<usize> {
        *self.seen.borrow_mut() += 1;
        assert_eq!(std::thread::current().id(), self.made_on);
        Ok(self.index)
    }

    #[api]
    fn at_the_gate(&self) -> Result<usize> {
        COMPUTING.pass();
        Ok(self.index)
    }
}

/// A service that blocks its arbiter, against the rules.
pub struct Holder;

#[service]
impl Holder {
    #[init]
    fn new() -> Self {
        Holder
    }

    #[api]
    async fn hold(&self) -> Result<()> {
        HOLDING.pass();
        Ok(())
    }

    #[api]
    async fn thread(&self) -> Result<String> {
        Ok(format!("{:?}", std::thread::current().id()))
    }
}

/// Runs a test with a control thread and some shared arbiters.
fn threaded<F: Future<Output = ()>>(shared: usize, test: impl FnOnce(Builder) -> F) {
    actix::System::new().block_on(async {
        let control = actix::Arbiter::new();
        let shared: Vec<_> = (0..shared).map(|_| actix::Arbiter::new()).collect();
        let handles = shared.iter().map(actix::Arbiter::handle).collect();
        let executor = Executor::Arbiters(Arbiters::new(control.handle(), handles));
        tokio::time::timeout(LIMIT, test(Runtime::builder(executor))).await.expect("the test ends");
    });
}

/// Waits on another thread for something that blocks.
async fn blocking<T: Send + 'static>(wait: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(wait).await.unwrap()
}

#[test]
fn a_computation_blocks_its_own_worker_alone_and_keeps_its_slot_beyond_its_deadline() {
    threaded(1, |builder| async {
        let runtime = builder.service::<Compute>().start().await.unwrap();
        let compute: ComputeClient = runtime.client().unwrap();
        let hasty = compute.with_timeout(Duration::from_millis(50));
        let stuck = tokio::task::spawn_local(async move { hasty.at_the_gate().await });
        blocking(|| COMPUTING.await_arrival()).await;
        let free = compute.place().await.unwrap();
        assert_eq!(compute.place().await, Ok(free), "the same one again: the other is taken");
        assert_eq!(stuck.await.unwrap().unwrap_err().kind(), &ErrorKind::DeadlineExceeded);

        // The caller has gone, the computation has not: with the second worker taken too, a third has to wait.
        let second = tokio::task::spawn_local({
            let compute = compute.clone();
            async move { compute.at_the_gate().await }
        });
        blocking(|| COMPUTING.await_arrival()).await;
        let third = tokio::task::spawn_local({
            let compute = compute.clone();
            async move { compute.at_the_gate().await }
        });
        while stats(&runtime, "Compute").depth == 0 {
            tokio::task::yield_now().await;
        }
        assert!(!COMPUTING.has_arrival());
        for _ in 0..3 {
            COMPUTING.open();
        }
        assert!(second.await.unwrap().is_ok() && third.await.unwrap().is_ok());
        runtime.drain(LIMIT).await;
    });
}

#[test]
fn an_arbiter_that_is_held_up_costs_only_the_call_that_holds_it() {
    threaded(1, |builder| async {
        let runtime = builder.service::<Holder>().start().await.unwrap();
        let holder: HolderClient = runtime.client().unwrap();
        let before = holder.thread().await.unwrap();
        let held = tokio::task::spawn_local({
            let holder = holder.clone();
            async move { holder.hold().await }
        });
        blocking(|| HOLDING.await_arrival()).await;
        // There is one shared arbiter, and it is blocked: this waits until the workers have been rebuilt elsewhere.
        let after = holder.thread().await.unwrap();
        assert_ne!(before, after);
        HOLDING.open();
        assert_eq!(held.await.unwrap(), Ok(()), "what held it up is answered all the same");
        runtime.drain(LIMIT).await;
    });
}

#[test]
fn a_call_prefers_the_worker_on_its_own_thread() {
    threaded(2, |builder| async {
        let runtime = builder.service::<Holder>().service::<Front>().start().await.unwrap();
        let front: FrontClient = runtime.client().unwrap();
        for _ in 0..50 {
            let (here, there) = front.threads().await.unwrap();
            assert_eq!(here, there);
        }
        runtime.drain(LIMIT).await;
    });
}

/// Has room for one message on each of two threads.
pub struct Narrow;

#[service(workers = 2, slots = 1)]
impl Narrow {
    #[init]
    fn new() -> Self {
        Narrow
    }

    /// Answers when so many of these run at once.
    #[api]
    async fn together(&self) -> Result<()> {
        static TOGETHER: LazyLock<tokio::sync::Barrier> = LazyLock::new(|| tokio::sync::Barrier::new(2));
        TOGETHER.wait().await;
        Ok(())
    }
}

/// Calls `Narrow` twice from one thread.
pub struct Pair(NarrowClient);

#[service(workers = 1)]
impl Pair {
    #[init]
    fn new(narrow: NarrowClient) -> Self {
        Pair(narrow)
    }

    #[api]
    async fn pair(&self) -> Result<()> {
        let second = async {
            // The worker on this thread has begun to run the first by now, and is full.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            self.0.together().await
        };
        let (first, second) = tokio::join!(self.0.together(), second);
        Ok(first.and(second)?)
    }
}

#[test]
fn an_idle_worker_elsewhere_takes_what_waits_behind_a_full_one_here() {
    threaded(2, |builder| async {
        let runtime = builder.service::<Narrow>().service::<Pair>().start().await.unwrap();
        while !runtime.groups().iter().all(playhouse_actors::RunningGroup::is_ready) {
            tokio::task::yield_now().await;
        }
        let pair: PairClient = runtime.client().unwrap();
        assert_eq!(pair.pair().await, Ok(()));
        runtime.drain(LIMIT).await;
    });
}

/// Streams on a thread of its own.
pub struct Maker;

#[service(workers = 1)]
impl Maker {
    #[init]
    fn new() -> Self {
        Maker
    }

    #[api]
    fn compute(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    fn items(&self, good: u32, by_panic: bool) -> impl Stream<Item = Result<u32>> {
        stream::iter(0..=good).map(move |n| match n < good {
            true => Ok(n),
            false if by_panic => panic!("no further"),
            false => Err("broken".into()),
        })
    }
}

#[test]
fn the_end_of_a_stream_outlives_its_worker() {
    threaded(1, |builder| async {
        let runtime = builder.service::<Maker>().start().await.unwrap();
        let maker: MakerClient = runtime.client().unwrap();
        maker.compute().await.unwrap();
        // One more than fits ahead of the reader, who has not read at all.
        let panicking = maker.items(17, true).await.unwrap();
        let failing = maker.items(17, false).await.unwrap();
        runtime.drain(LIMIT).await;
        for (items, message) in [(panicking, "no further"), (failing, "broken")] {
            let items: Vec<_> = items.collect().await;
            assert_eq!(items.len(), 18);
            let error = items[17].as_ref().unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    });
}

static STICKING: LazyLock<Gate> = LazyLock::new(Gate::new);

/// Its second constructor blocks its thread.
pub struct Sticky;

#[service(workers = 1)]
impl Sticky {
    #[init]
    fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        if MADE.fetch_add(1, Ordering::SeqCst) == 1 {
            STICKING.pass();
        }
        Sticky
    }

    #[api]
    fn serve(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    fn panic(&self) -> Result<u32> {
        panic!("make another")
    }
}

#[test]
fn a_worker_that_is_frozen_on_its_own_thread_is_left_behind() {
    threaded(1, |builder| async {
        let runtime = builder.service::<Sticky>().start_limit(Duration::from_secs(1)).start().await.unwrap();
        let sticky: StickyClient = runtime.client().unwrap();
        assert_eq!(sticky.serve().await, Ok(1));
        sticky.panic().await.unwrap_err();
        blocking(|| STICKING.await_arrival()).await;
        // The second worker cannot be ended: this waits until a third has its seat.
        assert_eq!(sticky.serve().await, Ok(1));
        STICKING.open();
        assert!(runtime.drain(LIMIT).await.given_up.is_empty());
    });
}

/// Calls `Holder` from wherever it runs.
pub struct Front(HolderClient);

#[service]
impl Front {
    #[init]
    fn new(holder: HolderClient) -> Self {
        Front(holder)
    }

    #[api]
    async fn threads(&self) -> Result<(String, String)> {
        Ok((format!("{:?}", std::thread::current().id()), self.0.thread().await?))
    }
}
