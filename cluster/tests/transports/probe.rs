//! A service that does what a test needs.

use std::cell::Cell;
use std::future::pending;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use playhouse_actors::{Bytes, Context, Error, ErrorKind, Result, Tensor, service};

thread_local! {
    static RUNNING: Cell<usize> = const { Cell::new(0) };
    static RAN: Cell<usize> = const { Cell::new(0) };
    static SENT: Cell<u32> = const { Cell::new(0) };
}

/// How many calls of [`Probe`] are running on this thread.
pub(crate) fn running() -> usize {
    RUNNING.get()
}

/// How many calls of [`Probe`] have begun on this thread.
pub(crate) fn ran() -> usize {
    RAN.get()
}

/// How many items of streams were asked for on this thread.
pub(crate) fn sent() -> u32 {
    SENT.get()
}

struct Running;

impl Running {
    fn begin() -> Self {
        RUNNING.set(RUNNING.get() + 1);
        RAN.set(RAN.get() + 1);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.set(RUNNING.get() - 1);
    }
}

/// Does what a test needs.
pub(crate) struct Probe;

#[service(workers = 1, traffic(max_concurrency = 4096, timeout = "10s"))]
impl Probe {
    #[init]
    fn new() -> Self {
        Probe
    }

    #[api]
    async fn echo(&self, text: String) -> Result<String> {
        let _running = Running::begin();
        Ok(text)
    }

    #[api]
    async fn double(&self, input: Tensor) -> Result<Tensor> {
        let doubled = input.to_vec::<f32>()?.into_iter().map(|value| value * 2.0).collect();
        Ok(Tensor::from_vec(input.shape(), doubled)?)
    }

    #[api]
    async fn bytes(&self, length: usize) -> Result<Bytes> {
        Ok(vec![7_u8; length].into())
    }

    #[api]
    async fn length(&self, bytes: Bytes) -> Result<usize> {
        Ok(bytes.len())
    }

    #[api]
    async fn sleep(&self, ms: u64) -> Result<u64> {
        let _running = Running::begin();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(ms)
    }

    #[api]
    async fn hang(&self) -> Result<()> {
        let _running = Running::begin();
        pending().await
    }

    /// Hangs when it is tried for the first time; then it says how often it was before.
    #[api(idempotent)]
    async fn hang_at_first(&self, context: Context) -> Result<u8> {
        match context.attempt() {
            0 => pending().await,
            attempt => Ok(attempt),
        }
    }

    /// Says who calls.
    #[api]
    async fn who(&self, context: Context) -> Result<String> {
        let caller = context.caller().map_or_else(|| "a program".to_owned(), ToString::to_string);
        let (node, request) = (context.node().unwrap_or("home"), context.request_id().unwrap_or("nothing"));
        Ok(format!("{caller} at {node} for {request}"))
    }

    #[api]
    async fn fail(&self, code: String) -> Result<()> {
        Err(Error::service(code, "as it was asked to").into())
    }

    #[api]
    async fn panic(&self) -> Result<()> {
        panic!("as it was asked to")
    }

    /// Counts from 0.
    #[api]
    fn count(&self, to: u32) -> impl Stream<Item = Result<u32>> {
        let running = Running::begin();
        stream::iter(0..to).map(move |number| {
            let _running = &running;
            SENT.set(number + 1);
            Ok(number)
        })
    }

    /// Counts to `to`, and fails.
    #[api]
    fn break_off(&self, to: u32) -> impl Stream<Item = Result<u32>> {
        let numbers = stream::iter(0..to).map(Ok);
        numbers.chain(stream::once(async { Err(Error::from(ErrorKind::Draining).into()) }))
    }

    /// Items of so many bytes.
    #[api]
    fn pieces(&self, count: u8, length: usize) -> impl Stream<Item = Result<Bytes>> {
        stream::iter(0..count).map(move |number| Ok(vec![number; length].into()))
    }
}

/// Takes two messages at a time.
pub(crate) struct Narrow;

#[service(workers = 1, traffic(max_concurrency = 2, timeout = "10s"))]
impl Narrow {
    #[init]
    fn new() -> Self {
        Narrow
    }

    #[api]
    async fn hang(&self) -> Result<()> {
        let _running = Running::begin();
        pending().await
    }
}
