//! Where workers run: on the arbiters of an actix system, or all on the calling thread.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use actix::{Arbiter, ArbiterHandle};
use arc_swap::ArcSwap;
use tokio::sync::watch;

/// Names a thread on which workers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PlaceId(u32);

thread_local! {
    static CURRENT: Cell<Option<PlaceId>> = const { Cell::new(None) };
}

impl PlaceId {
    /// The current thread, if workers run on it.
    pub(crate) fn current() -> Option<PlaceId> {
        CURRENT.get()
    }

    fn next() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Where workers run.
#[derive(Clone)]
pub enum Executor {
    /// On arbiters: shared ones for services that await, one of its own for each worker that computes.
    Arbiters(Arbiters),
    /// Everything on the calling thread, in its `LocalSet`: for simulations and tests with a paused clock.
    Current,
}

/// The threads of a process.
#[derive(Clone)]
pub struct Arbiters {
    /// Supervision and timers: no user code runs there.
    control: ArbiterHandle,
    /// For workers that await, and whatever else the program runs there, such as HTTP.
    shared: Arc<ArcSwap<Vec<ArbiterHandle>>>,
    /// Those that took the place of a silent one, by their indices.
    replaced: watch::Sender<Vec<usize>>,
}

/// A thread that never awaits again is lost for good: so many are made up for, then something is badly wrong.
const REPLACED_MAX: usize = 16;

/// A thread for workers.
#[derive(Clone)]
pub(crate) enum Place {
    Shared(ArbiterHandle),
    Dedicated(ArbiterHandle),
    Current,
}

impl Arbiters {
    /// `control` gets no user code; workers that await are spread over `shared`.
    ///
    /// # Panics
    /// When there is no shared arbiter.
    #[must_use]
    pub fn new(control: ArbiterHandle, shared: Vec<ArbiterHandle>) -> Self {
        assert!(!shared.is_empty(), "workers that await need at least one shared arbiter");
        Self { control, shared: Arc::new(ArcSwap::from_pointee(shared)), replaced: watch::Sender::default() }
    }
}

impl Executor {
    /// How many threads workers that await are spread over.
    #[must_use]
    pub fn shared(&self) -> usize {
        match self {
            Executor::Arbiters(arbiters) => arbiters.shared.load().len(),
            Executor::Current => 1,
        }
    }

    /// Runs a control task, apart from user code where there is a thread for it.
    pub fn spawn_control(&self, task: impl Future<Output = ()> + Send + 'static) {
        match self {
            Executor::Arbiters(arbiters) => {
                arbiters.control.spawn(task);
            }
            Executor::Current => drop(tokio::task::spawn_local(task)),
        }
    }

    /// Makes a task on one of the [`Executor::shared`] threads, where it stays. False if that thread is gone.
    pub fn spawn_shared<F: Future<Output = ()> + 'static>(
        &self,
        index: usize,
        task: impl FnOnce() -> F + Send + 'static,
    ) -> bool {
        self.shared_place(index).run(move || drop(tokio::task::spawn_local(task())))
    }

    /// The indices of all shared threads that did not answer any more and were replaced, the last one last. What runs on
    /// such a thread is not heard of before that goes on, if ever.
    #[must_use]
    pub fn replaced(&self) -> watch::Receiver<Vec<usize>> {
        match self {
            Executor::Arbiters(arbiters) => arbiters.replaced.subscribe(),
            Executor::Current => watch::channel(Vec::new()).1,
        }
    }

    /// The shared thread for the worker with some index.
    pub(crate) fn shared_place(&self, index: usize) -> Place {
        match self {
            Executor::Arbiters(arbiters) => {
                let shared = arbiters.shared.load();
                Place::Shared(shared[index % shared.len()].clone())
            }
            Executor::Current => Place::Current,
        }
    }

    /// A thread for one worker alone. To be called where an actix `System` is: on the control thread.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub(crate) fn dedicated_place(&self) -> std::io::Result<Place> {
        match self {
            Executor::Arbiters(_) => Arbiter::try_new().map(|arbiter| Place::Dedicated(arbiter.handle())),
            Executor::Current => Ok(Place::Current),
        }
    }
}

impl Executor {
    /// Puts a new thread in the place of a shared one that does not answer. To be called on the control thread.
    ///
    /// # Errors
    /// When the system gives no more threads, or too many have been replaced already.
    pub(crate) fn replace_shared(&self, index: usize) -> std::io::Result<()> {
        let Executor::Arbiters(arbiters) = self else { return Ok(()) };
        if arbiters.replaced.borrow().len() >= REPLACED_MAX {
            return Err(std::io::Error::other(format!("{REPLACED_MAX} have been replaced already")));
        }
        let fresh = Arbiter::try_new()?.handle();
        arbiters.shared.rcu(|shared| {
            let mut shared = Vec::clone(shared);
            shared[index] = fresh.clone();
            shared
        });
        arbiters.replaced.send_modify(|replaced| replaced.push(index));
        Ok(())
    }
}

impl Place {
    /// Runs `start` there. False if the thread is gone.
    pub(crate) fn run(&self, start: impl FnOnce() + Send + 'static) -> bool {
        let start = move || {
            if CURRENT.get().is_none() {
                CURRENT.set(Some(PlaceId::next()));
            }
            start();
        };
        match self {
            Place::Shared(arbiter) | Place::Dedicated(arbiter) => arbiter.spawn_fn(start),
            Place::Current => {
                start();
                true
            }
        }
    }

    /// Lets a dedicated thread end when it has nothing more to do at this moment.
    pub(crate) fn release(self) {
        if let Place::Dedicated(arbiter) = self {
            arbiter.stop();
        }
    }
}
