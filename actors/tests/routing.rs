//! Which of several replicas a call goes to: by version, nearness and key; around those that fail, and not too often.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use playhouse_actors::{
    CallResult, Codec, Encoded, ErrorKind, Offered, Remote, RemoteRequest, ReplicaId, Result, RouteStats, Runtime,
    service,
};
use support::{here, simulate};
use tokio::sync::Notify;

/// The interface of a service that runs elsewhere.
pub struct Shelf;

#[service]
impl Shelf {
    #[init]
    fn new() -> Self {
        Shelf
    }

    #[api(version = 2)]
    async fn look(&self) -> Result<u64> {
        Ok(0)
    }

    #[api(idempotent)]
    async fn put(&self) -> Result<u64> {
        Ok(0)
    }

    #[api]
    async fn add(&self) -> Result<u64> {
        Ok(0)
    }
}

/// A replica that does what it is told, and answers with its number.
struct Replica {
    id: ReplicaId,
    number: u64,
    look: u32,
    near: bool,
    load: AtomicUsize,
    fault: Mutex<Option<ErrorKind>>,
    /// Whether calls hang until they are told to go on.
    hangs: Mutex<Option<Arc<Notify>>>,
    attempts: Mutex<Vec<u8>>,
}

impl Replica {
    fn new(number: u64) -> Self {
        Self {
            id: ReplicaId::new("Shelf", number),
            number,
            look: 2,
            near: true,
            load: AtomicUsize::new(0),
            fault: Mutex::default(),
            hangs: Mutex::default(),
            attempts: Mutex::default(),
        }
    }

    fn fails(&self, fault: impl Into<Option<ErrorKind>>) {
        *self.fault.lock().unwrap() = fault.into();
    }

    fn asked(&self) -> usize {
        self.attempts.lock().unwrap().len()
    }
}

impl Remote for Replica {
    fn replica(&self) -> &ReplicaId {
        &self.id
    }

    fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    fn offers(&self, method: &str) -> Offered {
        match method {
            "look" => Offered::Method { version: self.look, idempotent: true },
            "put" => Offered::Method { version: 1, idempotent: true },
            "add" => Offered::Method { version: 1, idempotent: false },
            _ => Offered::Nothing,
        }
    }

    fn is_near(&self) -> bool {
        self.near
    }

    fn call(&self, request: RemoteRequest<'_>) -> BoxFuture<'static, CallResult<Encoded>> {
        self.attempts.lock().unwrap().push(request.context.attempt);
        let (fault, hangs) = (self.fault.lock().unwrap().clone(), self.hangs.lock().unwrap().clone());
        let answer = Encoded::encode(&self.number, request.reply);
        Box::pin(async move {
            if let Some(hangs) = hangs {
                hangs.notified().await;
            }
            fault.map_or(answer, |fault| Err(fault.into()))
        })
    }

    fn stream(&self, _: RemoteRequest<'_>) -> BoxFuture<'static, CallResult<BoxStream<'static, CallResult<Encoded>>>> {
        unreachable!("no method here streams")
    }
}

async fn shelf(replicas: &[&Arc<Replica>]) -> (Runtime, ShelfClient) {
    let builder = replicas
        .iter()
        .fold(here(), |builder, &replica| builder.remote("Shelf", Arc::clone(replica) as Arc<dyn Remote>));
    let runtime = builder.start().await.unwrap();
    let client = runtime.client().unwrap();
    (runtime, client)
}

fn stats(runtime: &Runtime) -> RouteStats {
    let routing = runtime.routing();
    routing.into_iter().find(|(service, _)| &**service == "Shelf").unwrap().1
}

fn lost() -> ErrorKind {
    ErrorKind::MayHaveRun { reason: "reset".into() }
}

#[test]
fn a_replica_of_the_same_version_is_called() {
    simulate(|| async {
        let (old, new) = (Arc::new(Replica { look: 1, ..Replica::new(1) }), Arc::new(Replica::new(2)));
        new.load.store(1000, Ordering::Relaxed);
        let (runtime, client) = shelf(&[&old, &new]).await;
        for _ in 0..20 {
            assert_eq!(client.look().await, Ok(2), "however busy it is");
        }
        assert_eq!(client.add().await, Ok(1), "another method has one version everywhere");
        let any = runtime.any_client("Shelf").unwrap();
        let answer = any.call("look", Encoded::new(Codec::Json, "{}"), Codec::Json).await.unwrap();
        assert_eq!(answer.decode(), Ok(1_u64), "who knows no version takes any");
    });
}

#[test]
fn a_version_that_nobody_has_is_named_with_those_that_there_are() {
    simulate(|| async {
        let [one, three] = [1, 3].map(|look| Arc::new(Replica { look, ..Replica::new(look.into()) }));
        let (_runtime, client) = shelf(&[&one, &three]).await;
        let error = client.look().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }) && error.proves_not_started());
        let expected = "no replica has version 2 of Shelf.look, which is called, only version 1 and 3";
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(one.asked() + three.asked(), 0);
    });
}

#[test]
fn a_lost_call_is_made_again_if_its_method_may_run_twice() {
    simulate(|| async {
        let (first, second) = (Arc::new(Replica::new(1)), Arc::new(Replica::new(2)));
        second.load.store(1000, Ordering::Relaxed);
        let (runtime, client) = shelf(&[&first, &second]).await;
        first.fails(lost());
        assert_eq!(client.put().await, Ok(2));
        assert_eq!((&**first.attempts.lock().unwrap(), &**second.attempts.lock().unwrap()), (&[0][..], &[1][..]));
        let stats = stats(&runtime);
        assert_eq!((stats.retried, stats.ejected), (1, 1));
        second.fails(lost());
        let error = client.add().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::MayHaveRun { .. }), "{error:?}");
        assert_eq!((first.asked(), second.asked()), (1, 2), "never twice otherwise");
    });
}

#[test]
fn a_replica_that_fails_is_left_out_and_probed_back() {
    simulate(|| async {
        let (bad, good) = (Arc::new(Replica::new(1)), Arc::new(Replica::new(2)));
        good.load.store(1000, Ordering::Relaxed);
        let (runtime, client) = shelf(&[&bad, &good]).await;
        bad.fails(ErrorKind::NotStarted { reason: "refused".into() });
        for _ in 0..20 {
            assert_eq!(client.add().await, Ok(2));
        }
        assert_eq!((bad.asked(), stats(&runtime).ejected), (1, 1), "left out at its first failure");
        tokio::time::sleep(Duration::from_millis(100)).await;
        for _ in 0..20 {
            assert_eq!(client.add().await, Ok(2));
        }
        assert_eq!(bad.asked(), 2, "one call finds out that it still fails");
        tokio::time::sleep(Duration::from_millis(200)).await;
        let hangs = Arc::new(Notify::new());
        bad.fails(None);
        *bad.hangs.lock().unwrap() = Some(Arc::clone(&hangs));
        let rest = async {
            for _ in 0..20 {
                assert_eq!(client.add().await, Ok(2), "one at a time");
            }
            hangs.notify_one();
        };
        let (probe, ()) = tokio::join!(client.add(), rest);
        assert_eq!((probe, bad.asked()), (Ok(1), 3));
        *bad.hangs.lock().unwrap() = None;
        assert_eq!(client.add().await, Ok(1), "it is called again");
        assert_eq!(stats(&runtime).ejected, 1);
    });
}

#[test]
fn a_probe_whose_caller_goes_leaves_its_place_to_the_next() {
    simulate(|| async {
        let (bad, good) = (Arc::new(Replica::new(1)), Arc::new(Replica::new(2)));
        good.load.store(1000, Ordering::Relaxed);
        let (_runtime, client) = shelf(&[&bad, &good]).await;
        bad.fails(ErrorKind::Unavailable { reason: "failed".into() });
        assert_eq!(client.add().await, Ok(2));
        bad.fails(None);
        tokio::time::sleep(Duration::from_millis(100)).await;
        *bad.hangs.lock().unwrap() = Some(Arc::default());
        let given_up = tokio::time::timeout(Duration::from_millis(1), client.add()).await;
        assert!(given_up.is_err() && bad.asked() == 2);
        *bad.hangs.lock().unwrap() = None;
        assert_eq!(client.add().await, Ok(1));
    });
}

#[test]
fn where_all_have_failed_calls_are_made_all_the_same() {
    simulate(|| async {
        let replicas = [1, 2].map(|number| Arc::new(Replica::new(number)));
        let (runtime, client) = shelf(&replicas.each_ref()).await;
        replicas.iter().for_each(|replica| replica.fails(lost()));
        for _ in 0..5 {
            assert!(client.add().await.is_err());
        }
        assert_eq!((replicas[0].asked() + replicas[1].asked(), stats(&runtime).ejected), (5, 2));
        replicas[0].fails(None);
        replicas[1].load.store(1000, Ordering::Relaxed);
        assert_eq!(client.add().await, Ok(1), "without a pause");
        replicas[0].load.store(2000, Ordering::Relaxed);
        assert_eq!(client.add().await, Ok(1), "it alone is called again");
    });
}

#[test]
fn only_so_many_calls_are_made_again() {
    simulate(|| async {
        let (full, free) = (Arc::new(Replica::new(1)), Arc::new(Replica::new(2)));
        full.fails(ErrorKind::Draining);
        free.load.store(1000, Ordering::Relaxed);
        let (runtime, client) = shelf(&[&full, &free]).await;
        let mut refused = 0;
        for _ in 0..1000 {
            match client.add().await {
                Ok(answer) => assert_eq!(answer, 2),
                Err(error) => {
                    assert_eq!(error.kind(), &ErrorKind::Draining, "what the first one said");
                    refused += 1;
                }
            }
        }
        let stats = stats(&runtime);
        // A fifth of the calls, and ten for each of ten seconds.
        assert_eq!((stats.retried, stats.retries_refused, refused), (300, 700, 700));
    });
}

#[test]
fn a_key_keeps_its_replica() {
    simulate(|| async {
        let replicas = [1, 2, 3, 4].map(|number| Arc::new(Replica::new(number)));
        let (runtime, client) = shelf(&replicas.each_ref()).await;
        let mut of = Vec::new();
        for key in 0..50_u32 {
            let client = client.with_affinity(key.to_le_bytes());
            let replica = client.add().await.unwrap();
            assert_eq!(client.add().await, Ok(replica));
            of.push(replica);
        }
        runtime.remove_remote("Shelf", &replicas[3].id);
        for (key, before) in of.iter().enumerate() {
            let any = runtime.any_client("Shelf").unwrap().with_affinity((key as u32).to_le_bytes());
            let after: u64 = any.call_json("add", serde_json::json!({})).await.unwrap().as_u64().unwrap();
            assert!(after == *before || *before == 4, "{key} went from {before} to {after}");
        }
        assert!((1..=4).all(|number| of.contains(&number)), "{of:?}");
    });
}

#[test]
fn replicas_of_the_own_zone_come_first() {
    simulate(|| async {
        let (near, far) = (Arc::new(Replica::new(1)), Arc::new(Replica { near: false, ..Replica::new(2) }));
        let (_runtime, client) = shelf(&[&far, &near]).await;
        near.load.store(5, Ordering::Relaxed);
        for _ in 0..20 {
            assert_eq!(client.add().await, Ok(1));
        }
        near.load.store(50, Ordering::Relaxed);
        assert_eq!(client.add().await, Ok(2), "it is clearly busier");
        far.fails(ErrorKind::Draining);
        assert_eq!(client.add().await, Ok(1));
    });
}
