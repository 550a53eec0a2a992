//! Workers on real threads: dedicated ones that compute, shared ones that are held up. Everything waits for events; the
//! limits on those waits are only for a run that fails.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

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
