//! The services of a simulation: what they run is noted by the oracle.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use playhouse_actors::{Bytes, ErrorKind, InitContext, Inject, Requirement, RequirementKind, Result, service};

use crate::oracle::Running;

/// What is said by a method that panics because it was asked to.
pub(crate) const PANIC: &str = "as it was asked to";

/// The host that a service runs on.
#[derive(Clone)]
pub(crate) struct Host(pub(crate) Arc<str>);

impl Inject for Host {
    fn requirement(_: Option<&'static str>) -> RequirementKind {
        RequirementKind::Given
    }

    async fn inject(context: &InitContext, _: &Requirement) -> Result<Self> {
        Ok(context.provision::<Host>().cloned().ok_or("no host was provided")?)
    }
}

/// Works. `call` is the number by which the oracle knows the call.
pub(crate) struct Work {
    host: Host,
}

#[service(
    workers = 2,
    slots = 4,
    traffic(max_concurrency = 24, timeout = "1s", idle_timeout = "1s"),
    restart(max_restarts = 10000, backoff_min = "2ms", backoff_max = "10ms")
)]
impl Work {
    #[init]
    fn new(host: Host) -> Self {
        Work { host }
    }

    /// Takes so long.
    #[api]
    async fn once(&self, call: u64, ms: u64) -> Result<u64> {
        self.run(call, ms).await;
        Ok(answer(call))
    }

    /// The same, where it does no harm if it is done twice.
    #[api(idempotent)]
    async fn again(&self, call: u64, ms: u64) -> Result<u64> {
        self.run(call, ms).await;
        Ok(answer(call))
    }

    /// Gives the bytes back.
    #[api]
    async fn carry(&self, call: u64, bytes: Bytes) -> Result<Bytes> {
        self.run(call, 1).await;
        Ok(bytes)
    }

    /// Begins, and ends by an error that looks as if it had not.
    #[api]
    async fn refuse(&self, call: u64) -> Result<u64> {
        self.run(call, 2).await;
        Err(playhouse_actors::Error::from(ErrorKind::Draining).into())
    }

    /// Panics.
    #[api]
    async fn panic(&self, call: u64) -> Result<u64> {
        self.run(call, 1).await;
        panic!("{PANIC}")
    }

    /// Gathers with others.
    #[api(batch(max_size = 8, max_latency = "3ms"))]
    async fn together(&self, calls: Vec<u64>) -> Result<Vec<u64>> {
        let running: Vec<_> = calls.iter().map(|&call| Running::begin(call, &self.host.0)).collect();
        tokio::time::sleep(Duration::from_millis(2)).await;
        running.into_iter().for_each(Running::finish);
        Ok(calls.into_iter().map(answer).collect())
    }

    /// Counts from 0, an item in so many milliseconds, each with so many bytes beside it.
    #[api]
    fn count(&self, call: u64, to: u64, ms: u64, length: usize) -> impl Stream<Item = Result<(u64, Bytes)>> {
        let running = Running::begin(call, &self.host.0);
        let items = stream::iter(0..to).then(move |number| async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok((number, vec![7_u8; length].into()))
        });
        items.chain(stream::once(async { running.finish() }).filter_map(|()| async { None }))
    }
}

impl Work {
    async fn run(&self, call: u64, ms: u64) {
        let running = Running::begin(call, &self.host.0);
        tokio::time::sleep(Duration::from_millis(ms)).await;
        running.finish();
    }
}

/// What is answered to a call: nothing that another one is answered.
pub(crate) fn answer(call: u64) -> u64 {
    call.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Has others work.
pub(crate) struct Relay {
    work: WorkClient,
}

#[service(slots = 8, traffic(max_concurrency = 24, timeout = "1s"))]
impl Relay {
    #[init]
    fn new(work: WorkClient) -> Self {
        Relay { work }
    }

    /// Has it done once.
    #[api]
    async fn relay(&self, call: u64, ms: u64) -> Result<u64> {
        Ok(self.work.once(call, ms).await?)
    }
}
