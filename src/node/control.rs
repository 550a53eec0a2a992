//! The thread that runs supervision, timers and the acceptance of connections: no user code.

use std::io;
use std::thread;

use actix_rt::{Arbiter, ArbiterHandle, System};
use tokio::sync::oneshot;

/// A hidden actix system on a thread of its own, so that a node can live in any tokio program. Ends when dropped.
pub(crate) struct Control {
    system: System,
}

impl Control {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread, or nothing for it to wait on.
    pub(crate) async fn start() -> io::Result<Self> {
        let (sender, started) = oneshot::channel();
        thread::Builder::new().name("playhouse-control".into()).spawn(move || {
            let runner = System::new();
            // Nobody listens when the node was given up while it started; the system ends with the dropped sender.
            if sender.send(System::current()).is_ok()
                && let Err(error) = runner.run()
            {
                tracing::error!(%error, "the control thread has failed");
            }
        })?;
        let system = started.await.map_err(|_| gone())?;
        Ok(Self { system })
    }

    /// The thread itself, to run tasks on.
    pub(crate) fn handle(&self) -> ArbiterHandle {
        self.system.arbiter().clone()
    }

    /// Runs `work` on the thread, where an actix system is, and gives back what it returns.
    ///
    /// # Errors
    /// When the thread has ended.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
        let (sender, done) = oneshot::channel();
        self.system.arbiter().spawn_fn(move || drop(sender.send(work())));
        done.await.map_err(|_| gone())
    }

    /// Starts threads for workers that await.
    ///
    /// # Errors
    /// When the operating system gives no more of them.
    pub(crate) async fn arbiters(&self, count: usize) -> io::Result<Vec<ArbiterHandle>> {
        self.run(move || (0..count).map(|_| Arbiter::try_new().map(|arbiter| arbiter.handle())).collect()).await?
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Ends the arbiters too. Not joined: a thread that computes on would hold up whoever drops the node.
        self.system.stop();
    }
}

fn gone() -> io::Error {
    io::Error::other("the control thread has ended")
}
