//! Many calls from many threads, abandoned at random: nothing may be lost, and nothing may stay behind.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use playhouse_actors::{Arbiters, ErrorKind, Executor, Result, Runtime, service};
use support::stats;

const THREADS: u64 = 3;
const CALLS_EACH: u64 = 4_000;
const LIMIT: Duration = Duration::from_secs(60);

/// Does a little of everything.
pub struct Mixed(LeafClient);

#[service(slots = 4, traffic(max_concurrency = 64, timeout = "30s"))]
impl Mixed {
    #[init]
    fn new(leaf: LeafClient) -> Self {
        Mixed(leaf)
    }

    #[api]
    async fn pass(&self, number: u64) -> Result<u64> {
        if number.is_multiple_of(3) {
            tokio::task::yield_now().await;
        }
        Ok(self.0.square(number).await?)
    }

    #[api(batch(max_size = 8, max_latency = "1ms"))]
    async fn gather(&self, numbers: Vec<u64>) -> Result<Vec<u64>> {
        tokio::task::yield_now().await;
        Ok(numbers.into_iter().map(|number| number + 1).collect())
    }
}

/// Computes on threads of its own.
pub struct Leaf;

#[service(workers = 2, traffic(max_concurrency = 32))]
impl Leaf {
    #[init]
    fn new() -> Self {
        Leaf
    }

    #[api]
    fn square(&self, number: u64) -> Result<u64> {
        if number % 997 == 996 {
            panic!("now and then");
        }
        Ok(number * number)
    }
}

/// Makes calls of which every other is given up after a few polls; how many were answered.
async fn callers(mixed: MixedClient, seed: u64) -> u64 {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut answered = 0;
    for number in 0..CALLS_EACH {
        let call = async {
            match number % 4 {
                0 => mixed.gather(number).await.map(|sum| assert_eq!(sum, number + 1)),
                _ => mixed.pass(number).await.map(|square| assert_eq!(square, number * number)),
            }
        };
        let outcome = if random.bool() {
            tokio::time::timeout(Duration::from_micros(random.u64(..200)), call).await.ok()
        } else {
            Some(call.await)
        };
        match outcome {
            Some(Ok(())) => answered += 1,
            Some(Err(error)) => {
                let kind = error.kind();
                assert!(matches!(kind, ErrorKind::Overloaded { .. } | ErrorKind::Panicked { .. }), "{error}");
            }
            None => {}
        }
    }
    answered
}

#[test]
fn nothing_is_lost_and_nothing_stays_behind() {
    actix::System::new().block_on(async {
        let control = actix::Arbiter::new();
        let shared = [actix::Arbiter::new(), actix::Arbiter::new()];
        let handles = shared.iter().map(actix::Arbiter::handle).collect();
        let executor = Executor::Arbiters(Arbiters::new(control.handle(), handles));
        let runtime = Runtime::builder(executor).service::<Mixed>().service::<Leaf>().start().await.unwrap();
        let mixed: MixedClient = runtime.client().unwrap();
        let run = async {
            let callers = (0..THREADS).map(|seed| {
                let mixed = mixed.clone();
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        let many = (0..8).map(|part| callers(mixed.clone(), seed * 8 + part));
                        futures_util::future::join_all(many).await.into_iter().sum::<u64>()
                    })
                })
            });
            let callers: Vec<_> = callers.collect();
            tokio::task::spawn_blocking(|| callers.into_iter().map(|caller| caller.join().unwrap()).sum::<u64>())
                .await
                .unwrap()
        };
        let answered = tokio::time::timeout(LIMIT, run).await.expect("no call hangs");
        assert!(answered > THREADS * 8 * CALLS_EACH / 4, "{answered}");
        // The last abandoned ones leave when their workers look.
        for service in ["Mixed", "Leaf"] {
            let gone = async {
                while stats(&runtime, service).in_flight + stats(&runtime, service).depth > 0 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(LIMIT, gone).await.expect("nothing stays behind");
        }
        assert!(runtime.drain(LIMIT).await.given_up.is_empty());
    });
}
