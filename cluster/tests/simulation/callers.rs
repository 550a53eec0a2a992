//! Callers that never stop: calls of all kinds, some with little time, some that are given up on the way.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use playhouse_actors::{Bytes, CallResult, Runtime};
use tokio::time::{sleep, timeout};

use crate::oracle::{self, Call, End};
use crate::work::{RelayClient, WorkClient, answer, work};

/// What a call may take beyond its deadline: callers are woken by a clock that counts milliseconds.
const SLACK: Duration = Duration::from_millis(5);
/// How long a call may take that has ample time.
const AMPLE: Duration = Duration::from_secs(1);
/// How long an item of a stream may be on its way: until the loss of a node is noticed, and its answers are given up.
const ITEM: Duration = Duration::from_secs(4);
/// How many calls are made at once in a burst.
const BURST: usize = 12;

/// Calls, and notes how that ends.
#[derive(Clone)]
pub(crate) struct Caller {
    host: Rc<str>,
    work: WorkClient,
    relay: RelayClient,
}

/// A call that is to be made.
#[derive(Clone, Debug)]
struct Plan {
    kind: Kind,
    timeout: Duration,
    /// When the caller loses its patience.
    dropped: Option<Duration>,
}

#[derive(Clone, Debug)]
enum Kind {
    Once { ms: u64 },
    Again { ms: u64 },
    Relay { ms: u64 },
    Carry { length: usize },
    Together,
    Refuse,
    Panic,
    Tell,
    Count { to: u64, ms: u64, length: usize },
}

impl Caller {
    pub(crate) fn new(host: &str, runtime: &Runtime) -> CallResult<Self> {
        Ok(Self { host: host.into(), work: runtime.client()?, relay: runtime.client()? })
    }

    /// Calls until it is stopped.
    pub(crate) async fn run(self, mut rng: fastrand::Rng, stopped: Rc<Cell<bool>>) {
        while !stopped.get() {
            let count = if rng.u8(..24) == 0 { BURST } else { 1 };
            let plans: Vec<_> = (0..count).map(|_| Plan::draw(&mut rng)).collect();
            join_all(plans.into_iter().map(|plan| self.call(plan))).await;
            sleep(Duration::from_millis(rng.u64(..25))).await;
        }
    }

    async fn call(&self, plan: Plan) {
        let began = oracle::now();
        let number = oracle::begin(Call {
            host: self.host.to_string(),
            what: format!("{plan:?}"),
            idempotent: matches!(plan.kind, Kind::Again { .. }),
            patient: plan.timeout == AMPLE && plan.dropped.is_none(),
            began,
            deadline: began + plan.timeout + SLACK,
            ends: Vec::new(),
        });
        let call = self.make(number, &plan);
        let end = match plan.dropped {
            Some(after) => timeout(after, call).await.unwrap_or(End::Dropped),
            None => call.await,
        };
        oracle::end(number, end);
    }

    fn make(&self, number: u64, plan: &Plan) -> Pin<Box<dyn Future<Output = End>>> {
        let work = self.work.with_timeout(plan.timeout);
        let relay = self.relay.with_timeout(plan.timeout);
        let expected = answer(number);
        match plan.kind {
            Kind::Once { ms } => Box::pin(async move { end(work.once(number, ms).await, &expected) }),
            Kind::Again { ms } => Box::pin(async move { end(work.again(number, ms).await, &expected) }),
            Kind::Relay { ms } => Box::pin(async move { end(relay.relay(number, ms).await, &expected) }),
            Kind::Together => Box::pin(async move { end(work.together(number).await, &expected) }),
            Kind::Refuse => Box::pin(async move { fails(work.refuse(number).await) }),
            Kind::Panic => Box::pin(async move { fails(work.panic(number).await) }),
            Kind::Carry { length } => Box::pin(async move {
                let bytes = Bytes::from(vec![number.to_le_bytes()[0]; length]);
                end(work.carry(number, bytes.clone()).await, &bytes)
            }),
            Kind::Tell => {
                let client = self.work.client().with_timeout(plan.timeout);
                Box::pin(async move { end(client.tell(work::Once { call: number, ms: 3 }), &()) })
            }
            Kind::Count { to, ms, length } => Box::pin(count(work, number, to, ms, length)),
        }
    }
}

/// Reads a stream, all of it.
async fn count(work: WorkClient, number: u64, to: u64, ms: u64, length: usize) -> End {
    let mut items = match work.count(number, to, ms, length).await {
        Ok(items) => items,
        Err(error) => return End::Failed(error),
    };
    for expected in 0..to {
        oracle::extend(number, oracle::now() + ITEM);
        match items.next().await {
            Some(Ok((item, bytes))) if item == expected && bytes.len() == length => {}
            Some(Ok((item, bytes))) => return End::Wrong(format!("item {item} with {} bytes", bytes.len())),
            Some(Err(error)) => return End::Failed(error),
            None => return End::Wrong(format!("the end before item {expected} of {to}")),
        }
    }
    match items.next().await {
        None => End::Answered,
        Some(Ok((item, _))) => End::Wrong(format!("item {item} beyond the end")),
        Some(Err(error)) => End::Failed(error),
    }
}

fn end<T: PartialEq>(result: CallResult<T>, expected: &T) -> End {
    match result {
        Ok(answer) if answer == *expected => End::Answered,
        Ok(_) => End::Wrong("the answer to another call".into()),
        Err(error) => End::Failed(error),
    }
}

/// The end of a call that is answered by an error.
fn fails(result: CallResult<u64>) -> End {
    match result {
        Ok(answer) => End::Wrong(format!("{answer}, where there is none")),
        Err(error) => End::Failed(error),
    }
}

impl Plan {
    fn draw(rng: &mut fastrand::Rng) -> Self {
        let kind = Kind::draw(rng);
        let (timeout, dropped) = match rng.u8(..20) {
            0..3 => (Duration::from_millis(rng.u64(1..20)), None),
            3..6 => (AMPLE, Some(Duration::from_millis(rng.u64(..20)))),
            _ => (AMPLE, None),
        };
        Self { kind, timeout, dropped }
    }
}

impl Kind {
    fn draw(rng: &mut fastrand::Rng) -> Self {
        match rng.u8(..100) {
            0..30 => Self::Once { ms: rng.u64(..30) },
            30..42 => Self::Again { ms: rng.u64(..30) },
            42..54 => Self::Relay { ms: rng.u64(..20) },
            54..66 => Self::Carry { length: rng.usize(1..300_000) },
            66..76 => Self::Together,
            76..80 => Self::Refuse,
            80..82 => Self::Panic,
            82..86 => Self::Tell,
            86..93 => Self::Count { to: rng.u64(..30), ms: rng.u64(..5), length: 10 },
            _ => Self::Count { to: rng.u64(..8), ms: rng.u64(..5), length: rng.usize(..60_000) },
        }
    }
}
