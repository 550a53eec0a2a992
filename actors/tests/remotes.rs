//! Replicas in other processes, as the core sees them: bodies are encoded, what did not start goes elsewhere.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, pending};
use futures_util::stream::{self, BoxStream};
use playhouse_actors::{
    CallContext, CallResult, Encoded, Error, ErrorKind, Remote, RemoteRequest, ReplicaId, Result, Tensor, TraceContext,
    service,
};
use support::{begin, here, simulate};

thread_local! {
    static RAN: Cell<u32> = const { Cell::new(0) };
}

/// The interface of a service that runs elsewhere.
pub struct Scaler;

#[service(workers = 1, traffic(max_concurrency = 1))]
impl Scaler {
    #[init]
    fn new() -> Self {
        Scaler
    }

    #[api]
    async fn scale(&self, input: Tensor) -> Result<Tensor> {
        RAN.set(RAN.get() + 1);
        // Keeps its place for a moment: it would have answered before the next call is made otherwise.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let doubled = input.to_vec::<f32>()?.into_iter().map(|value| value * 2.0).collect();
        Ok(Tensor::from_vec(input.shape(), doubled)?)
    }

    #[api]
    fn rows(&self, input: Tensor) -> impl futures_util::Stream<Item = Result<f32>> {
        stream::iter(input.to_vec::<f32>().unwrap_or_default()).map(Ok)
    }
}

/// What a scripted replica does with its next call.
enum Script {
    Answer(Encoded),
    Fail(ErrorKind),
    Hang,
}

/// A replica that follows a script, and keeps what it was sent.
struct Scripted {
    replica: ReplicaId,
    load: usize,
    script: Mutex<VecDeque<Script>>,
    asked: Mutex<Vec<RemoteRequest<'static>>>,
    dropped: Arc<AtomicUsize>,
}

struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Scripted {
    fn new(number: u64, load: usize, script: impl IntoIterator<Item = Script>) -> Arc<Self> {
        Arc::new(Self {
            replica: ReplicaId::new("Scaler", number),
            load,
            script: Mutex::new(script.into_iter().collect()),
            asked: Mutex::default(),
            dropped: Arc::default(),
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Remote for Scripted {
    fn replica(&self) -> &ReplicaId {
        &self.replica
    }

    fn load(&self) -> usize {
        self.load
    }

    fn call(&self, request: RemoteRequest<'_>) -> BoxFuture<'static, CallResult<Encoded>> {
        self.asked.lock().unwrap().push(request.into_owned());
        let next = self.script.lock().unwrap().pop_front().expect("the script goes on");
        let dropped = CountDrop(Arc::clone(&self.dropped));
        Box::pin(async move {
            let _dropped = dropped;
            match next {
                Script::Answer(body) => Ok(body),
                Script::Fail(kind) => Err(kind.into()),
                Script::Hang => pending().await,
            }
        })
    }

    fn stream(
        &self,
        request: RemoteRequest<'_>,
    ) -> BoxFuture<'static, CallResult<BoxStream<'static, CallResult<Encoded>>>> {
        let answer = self.call(request);
        Box::pin(async move {
            let item = answer.await?;
            Ok(stream::iter([Ok(item.clone()), Ok(item)]).boxed())
        })
    }
}

async fn scaler(remotes: &[&Arc<Scripted>]) -> ScalerClient {
    let mut builder = here();
    for &remote in remotes {
        builder = builder.remote("Scaler", Arc::clone(remote) as Arc<dyn Remote>);
    }
    builder.start().await.unwrap().client().unwrap()
}

fn input() -> Tensor {
    Tensor::from_rows(&[[1.0_f32, 2.0]])
}

fn answer(value: &impl serde::Serialize) -> Script {
    Script::Answer(Encoded::new(playhouse_actors::Codec::Msgpack, rmp_serde::to_vec_named(value).unwrap()))
}

#[test]
fn a_call_is_encoded_with_what_it_inherits() {
    simulate(|| async {
        let remote = Scripted::new(1, 0, [answer(&input())]);
        let scaler = scaler(&[&remote]).await.with_timeout(Duration::from_secs(3));
        assert_eq!(scaler.scale(input()).await, Ok(input()));
        let asked = remote.asked.lock().unwrap();
        assert_eq!((&*asked[0].service, &*asked[0].method), ("Scaler", "scale"));
        assert_eq!(asked[0].context.deadline - asked[0].context.began, Duration::from_secs(3));
        let message: scaler::Scale = asked[0].body.decode().unwrap();
        assert_eq!(message.input, input());
    });
}

#[test]
fn what_did_not_start_goes_to_another_replica() {
    simulate(|| async {
        let retry_after = Duration::from_millis(5);
        for refusal in [ErrorKind::Overloaded { retry_after }, ErrorKind::Draining] {
            let busy = Scripted::new(1, 0, [Script::Fail(refusal)]);
            let free = Scripted::new(2, 100, [answer(&input())]);
            let scaler = scaler(&[&busy, &free]).await;
            assert_eq!(scaler.scale(input()).await, Ok(input()));
            assert_eq!((busy.asked(), free.asked()), (1, 1));
        }
    });
}

/// Recorded or not: without anybody who listens there is no span of its own, and the next one hangs on the last.
#[test]
fn a_trace_goes_on_in_the_other_process() {
    simulate(|| async {
        let remote = Scripted::new(1, 0, [answer(&input()), answer(&input())]);
        let scaler = scaler(&[&remote]).await;
        for sampled in [true, false] {
            let trace = TraceContext::start(sampled);
            CallContext::of_trace(trace.clone()).scope(scaler.scale(input())).await.unwrap();
            let asked = remote.asked.lock().unwrap().pop().unwrap();
            assert_eq!(asked.context.trace.map(|trace| trace.to_header()), Some(trace.to_header()));
        }
    });
}

#[test]
fn routing_is_counted() {
    simulate(|| async {
        let busy = Scripted::new(1, 0, [Script::Fail(ErrorKind::Draining)]);
        let free = Scripted::new(2, 100, [answer(&input())]);
        let builder = here().remote("Scaler", Arc::clone(&busy) as Arc<dyn Remote>);
        let runtime = builder.remote("Scaler", Arc::clone(&free) as Arc<dyn Remote>).start().await.unwrap();
        runtime.client::<ScalerClient>().unwrap().scale(input()).await.unwrap();
        let routing = runtime.routing();
        let (_, stats) = routing.iter().find(|(service, _)| &**service == "Scaler").unwrap();
        assert_eq!((stats.remote, stats.retried), (2, 1));
    });
}

#[test]
fn what_may_have_run_does_not() {
    simulate(|| async {
        let lost = Scripted::new(1, 0, [Script::Fail(ErrorKind::MayHaveRun { reason: "reset".into() })]);
        let other = Scripted::new(2, 100, []);
        let error = scaler(&[&lost, &other]).await.scale(input()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::MayHaveRun { .. }), "{error}");
        assert_eq!(other.asked(), 0);
    });
}

#[test]
fn a_call_is_tried_three_times_at_most() {
    simulate(|| async {
        let remotes: Vec<_> =
            (0..5).map(|number| Scripted::new(number, 0, [Script::Fail(ErrorKind::Draining)])).collect();
        let error = scaler(&remotes.iter().collect::<Vec<_>>()).await.scale(input()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Draining);
        assert_eq!(remotes.iter().map(|remote| remote.asked()).sum::<usize>(), 3);
    });
}

#[test]
fn a_deadline_and_a_drop_cancel_over_there_too() {
    simulate(|| async {
        let remote = Scripted::new(1, 0, [Script::Hang, Script::Hang]);
        let scaler = scaler(&[&remote]).await.with_timeout(Duration::from_millis(20));
        let error = scaler.scale(input()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::DeadlineExceeded);
        assert_eq!(remote.dropped.load(Ordering::SeqCst), 1);
        let mut call = Box::pin(scaler.scale(input()));
        begin(&mut call);
        drop(call);
        assert_eq!(remote.dropped.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_full_local_replica_overflows_to_a_remote_one() {
    simulate(|| async {
        let remote = Scripted::new(1, 100, [answer(&input())]);
        let runtime =
            here().service::<Scaler>().remote("Scaler", Arc::clone(&remote) as Arc<dyn Remote>).start().await.unwrap();
        let scaler: ScalerClient = runtime.client().unwrap();
        let (here, there) = tokio::join!(scaler.scale(input()), scaler.scale(input()));
        assert!(here.is_ok() && there.is_ok());
        assert_eq!((RAN.get(), remote.asked()), (1, 1), "local first, and elsewhere when its one place is taken");
    });
}

#[test]
fn a_stream_comes_from_there_too() {
    simulate(|| async {
        let remote = Scripted::new(1, 0, [answer(&1.5_f32), Script::Fail(ErrorKind::Draining)]);
        let scaler = scaler(&[&remote]).await;
        let items: Vec<_> = scaler.rows(input()).await.unwrap().collect().await;
        assert_eq!(items, [Ok(1.5), Ok(1.5)]);
        assert_eq!(scaler.rows(input()).await.err().unwrap(), Error::new(ErrorKind::Draining));
    });
}
