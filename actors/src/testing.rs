//! For tests of one's own services (feature `testing`): a clock that stands still, and scripted services to depend on.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::task::LocalSet;

use crate::body::{Codec, Encoded};
use crate::builder::Builder;
use crate::error::{CallResult, Error};
use crate::executor::Executor;
use crate::failure::Result;
use crate::id::ReplicaId;
use crate::message::{Message, Streaming, Unary};
use crate::remote::{Remote, RemoteRequest};
use crate::runtime::Runtime;

/// Runs a test, and all workers in it, on the calling thread. It brings a tokio runtime of its own: the test is a plain
/// `#[test]`, not a `#[tokio::test]`. The clock moves only while everything waits, and then at
/// once to the next moment at which something happens: a timeout of a minute takes no time.
///
/// # Panics
/// Within another tokio runtime, when the system gives no I/O driver, and wherever the test does.
pub fn simulate<F: Future>(test: impl FnOnce() -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    LocalSet::new().block_on(&runtime.expect("a runtime for a test"), async { test().await })
}

/// Describes a runtime whose workers run on the calling thread: for use within [`simulate`]. What a service reads by
/// [`Config`](crate::Config) is set by [`Builder::configure`].
#[must_use]
pub fn runtime() -> Builder {
    Runtime::builder(Executor::Current)
}

type Answers = dyn Fn(&Encoded, Codec) -> CallResult<Vec<Encoded>> + Send + Sync;

/// A service that answers as it is told, in place of a real one.
///
/// ```
/// # use playhouse_actors::{Result, service, testing};
/// /// Names things.
/// pub struct Names;
///
/// #[service]
/// impl Names {
///     #[init]
///     fn new() -> Self {
///         Names
///     }
///
///     #[api]
///     async fn name(&self, number: u32) -> Result<String> {
///         Err(format!("{number} has no name").into())
///     }
/// }
///
/// # fn main() {
/// testing::simulate(|| async {
///     let names = testing::Script::of("Names").on(|name: names::Name| Ok(format!("number {}", name.number)));
///     let runtime = testing::runtime().remote("Names", names.into_remote()).start().await.unwrap();
///     let client: NamesClient = runtime.client().unwrap();
///     assert_eq!(client.name(7).await, Ok("number 7".to_owned()));
/// });
/// # }
/// ```
pub struct Script {
    replica: ReplicaId,
    answers: HashMap<&'static str, Box<Answers>>,
}

impl Script {
    /// A service with this name that answers nothing yet: calls of other methods are `Rejected`.
    #[must_use]
    pub fn of(service: &str) -> Self {
        Self { replica: ReplicaId::new(service, 0), answers: HashMap::new() }
    }

    /// Answers messages of one type.
    #[must_use]
    pub fn on<M: Unary>(self, answer: impl Fn(M) -> Result<M::Reply> + Send + Sync + 'static) -> Self {
        self.answering::<M>(move |message| Ok(vec![answer(message)?]))
    }

    /// Answers messages of one type by a stream of these items.
    #[must_use]
    pub fn on_stream<M: Streaming>(self, items: impl Fn(M) -> Result<Vec<M::Reply>> + Send + Sync + 'static) -> Self {
        self.answering(items)
    }

    /// As a replica, for [`Builder::remote`].
    #[must_use]
    pub fn into_remote(self) -> Arc<dyn Remote> {
        Arc::new(self)
    }

    fn answering<M: Message>(mut self, answer: impl Fn(M) -> Result<Vec<M::Reply>> + Send + Sync + 'static) -> Self {
        let encoded = move |body: &Encoded, codec| {
            let items = answer(body.decode()?).map_err(Error::from)?;
            items.iter().map(|item| Encoded::encode(item, codec)).collect()
        };
        self.answers.insert(M::METHOD, Box::new(encoded));
        self
    }

    fn answer(&self, request: &RemoteRequest<'_>) -> CallResult<Vec<Encoded>> {
        let answer = self.answers.get(&*request.method).ok_or_else(|| {
            Error::malformed(format!("the script of {} has no answer to `{}`", request.service, request.method))
        })?;
        answer(&request.body, request.reply)
    }
}

impl Remote for Script {
    fn replica(&self) -> &ReplicaId {
        &self.replica
    }

    fn load(&self) -> usize {
        0
    }

    fn call(&self, request: RemoteRequest<'_>) -> BoxFuture<'static, Result<Encoded, Error>> {
        let one = self.answer(&request).and_then(|items| {
            items.into_iter().next().ok_or_else(|| Error::malformed("the method answers by a stream"))
        });
        Box::pin(ready(one))
    }

    fn stream(
        &self,
        request: RemoteRequest<'_>,
    ) -> BoxFuture<'static, CallResult<BoxStream<'static, CallResult<Encoded>>>> {
        let items = self.answer(&request).map(|items| stream::iter(items).map(Ok).boxed());
        Box::pin(ready(items))
    }
}
