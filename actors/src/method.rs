//! The methods of a service with their types forgotten: what a group needs in order to run them.

use std::any::Any;
use std::marker::PhantomData;
use std::rc::Rc;

use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use schemars::Schema;

use crate::batch::BatchPolicy;
use crate::body::{Codec, Encoded, Typed};
use crate::description::{MethodDescription, MethodKind, TaskOptions};
use crate::error::{CallResult, Error};
use crate::failure::Failure;
use crate::message::{Message, Streaming, Unary};
use crate::stream::StreamSink;
use crate::tensor::{Tensor, TensorSpec};

/// One instance of a service with its type forgotten.
pub(crate) type Instance = Rc<dyn Any>;

type UnaryRun = dyn Fn(Instance, Typed) -> LocalBoxFuture<'static, CallResult<Typed>> + Send + Sync;
type BatchRun =
    dyn Fn(Instance, Vec<Typed>) -> LocalBoxFuture<'static, CallResult<Vec<CallResult<Typed>>>> + Send + Sync;
type StreamRun = dyn Fn(Instance, Typed, StreamSink) -> LocalBoxFuture<'static, CallResult<()>> + Send + Sync;

/// How the worker runs a method.
pub(crate) enum Run {
    Unary(Box<UnaryRun>),
    Batch { policy: BatchPolicy, run: Box<BatchRun> },
    Stream(Box<StreamRun>),
}

/// One method, ready to be run.
pub(crate) struct Method {
    pub(crate) description: MethodDescription,
    pub(crate) run: Run,
    /// Checks typed arguments and says what they cost in a batch.
    pub(crate) admit: Box<dyn Fn(&Typed) -> CallResult<u64> + Send + Sync>,
    pub(crate) decode: fn(&Encoded) -> CallResult<Typed>,
    pub(crate) encode: fn(Typed, Codec) -> CallResult<Encoded>,
}

/// The code of an error for a result that is not what its method declares.
const WRONG_RESULT: &str = "wrong_result";

/// What a method says of itself beside its types.
#[derive(Clone, Copy, Debug)]
pub struct MethodOptions {
    /// The doc comment.
    pub doc: &'static str,
    /// Whether it blocks its thread (a plain `fn`) rather than awaits.
    pub compute: bool,
    /// Whether running it twice does the same as running it once.
    pub idempotent: bool,
    /// Whether it wants the headers of the request that it serves; see [`Context`](crate::Context).
    pub context: bool,
    /// A caller reaches only replicas with the same version.
    pub version: u32,
    /// The path of the method over HTTP; its name unless set.
    pub route: Option<&'static str>,
    /// What is declared about the reply where it is a [`Tensor`]: it is in the schema, and each reply is checked.
    pub result: Option<TensorSpec>,
    /// How it runs when it is submitted rather than called, if it can be. Only [`Methods::unary`] looks at it.
    pub task: Option<TaskOptions>,
}

impl Default for MethodOptions {
    fn default() -> Self {
        let version = 1;
        Self {
            doc: "",
            compute: false,
            idempotent: false,
            context: false,
            version,
            route: None,
            result: None,
            task: None,
        }
    }
}

/// How a method gathers messages; see `#[api(batch(..))]`.
pub struct BatchOptions<M> {
    /// The bounds of one batch.
    pub policy: BatchPolicy,
    /// What one message costs, in the unit of `policy.max_cost`; 1 unless given.
    pub cost: Option<fn(&M) -> u64>,
    /// Refuses a message before it joins a batch that it would spoil.
    pub check: Option<fn(&M) -> Result<(), Failure>>,
}

/// Collects the methods of a service; filled by [`Service::methods`](crate::Service::methods).
pub struct Methods<S> {
    pub(crate) table: Vec<Method>,
    service: PhantomData<fn(S)>,
}

impl<S: 'static> Methods<S> {
    pub(crate) fn new() -> Self {
        Self { table: Vec::new(), service: PhantomData }
    }

    /// Adds a method that answers each message once. One that computes does so in the first poll of its future.
    pub fn unary<M, F, Fut, E>(&mut self, options: MethodOptions, run: F)
    where
        M: Unary,
        F: Fn(Rc<S>, M) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Reply, E>> + 'static,
        E: Into<Failure>,
    {
        let run: Box<UnaryRun> = Box::new(move |instance, message| {
            let work = run(service_of(instance), message_of(message));
            Box::pin(async move { as_declared(options.result, work.await.map_err(as_error)?) })
        });
        self.add::<M>(options, MethodKind::Unary, Run::Unary(run), Box::new(|message| admit::<M>(message).map(|_| 1)));
    }

    /// Adds a method that is given many messages at once, in the order of their arrival, and answers each.
    pub fn batch<M, F, Fut, E>(&mut self, options: MethodOptions, batch: BatchOptions<M>, run: F)
    where
        M: Unary,
        F: Fn(Rc<S>, Vec<M>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<Result<M::Reply, E>>, E>> + 'static,
        E: Into<Failure>,
    {
        let run: Box<BatchRun> = Box::new(move |instance, messages| {
            let work = run(service_of(instance), messages.into_iter().map(message_of).collect());
            Box::pin(async move {
                let replies = work.await.map_err(as_error)?;
                let answer = |reply: Result<M::Reply, E>| as_declared(options.result, reply.map_err(as_error)?);
                Ok(replies.into_iter().map(answer).collect())
            })
        });
        let BatchOptions { policy, cost, check } = batch;
        let admit = Box::new(move |message: &Typed| {
            let message = admit::<M>(message)?;
            if let Some(check) = check {
                check(message).map_err(Error::from)?;
            }
            Ok(cost.map_or(1, |cost| cost(message)))
        });
        self.add::<M>(options, MethodKind::Batch, Run::Batch { policy, run }, admit);
    }

    /// Adds a method that answers each message by a stream. The stream may borrow from the service.
    pub fn stream<M, F, Fut, E>(&mut self, options: MethodOptions, run: F)
    where
        M: Streaming,
        F: Fn(Rc<S>, M, ItemSink<M::Reply>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + 'static,
        E: Into<Failure>,
    {
        let run: Box<StreamRun> = Box::new(move |instance, message, sink| {
            let work = run(
                service_of(instance),
                message_of(message),
                ItemSink { sink, declared: options.result, item: PhantomData },
            );
            Box::pin(async move { work.await.map_err(as_error) })
        });
        self.add::<M>(
            options,
            MethodKind::Stream,
            Run::Stream(run),
            Box::new(|message| admit::<M>(message).map(|_| 1)),
        );
    }

    fn add<M: Message>(
        &mut self,
        options: MethodOptions,
        kind: MethodKind,
        run: Run,
        admit: Box<dyn Fn(&Typed) -> CallResult<u64> + Send + Sync>,
    ) {
        let MethodOptions { doc, compute, idempotent, context, version, route, result, task } = options;
        let description = MethodDescription {
            name: M::METHOD,
            doc,
            kind,
            compute,
            idempotent,
            context,
            version,
            task: task.filter(|_| kind == MethodKind::Unary),
            root: M::ROOT,
            route,
            arguments: if M::ROOT { resolved(schemars::schema_for!(M)) } else { schemars::schema_for!(M) },
            result: result.map_or_else(|| schemars::schema_for!(M::Reply), |spec| spec.json_schema()),
        };
        self.table.push(Method { description, run, admit, decode: decode::<M>, encode: encode::<M::Reply> });
    }
}

/// Where a streaming method puts its items.
pub struct ItemSink<T> {
    sink: StreamSink,
    declared: Option<TensorSpec>,
    item: PhantomData<fn(T)>,
}

impl<T: Send + 'static> ItemSink<T> {
    /// Sends every item of a stream to the caller, at the caller's pace; ends at the first error, which is sent too.
    ///
    /// When the caller drops its end, the whole method is dropped at its next await.
    ///
    /// # Errors
    /// The stream's first error.
    pub async fn send_all<E: Into<Failure>>(mut self, items: impl Stream<Item = Result<T, E>>) -> Result<(), Failure> {
        let mut items = std::pin::pin!(items);
        while let Some(item) = items.next().await {
            self.sink.send(as_declared(self.declared, item.map_err(Into::into)?)?).await?;
        }
        Ok(())
    }
}

/// A schema that is but a reference to one of its own definitions, as that of a message that is written as its argument:
/// replaced by that definition, so that a reader finds the type where it is.
fn resolved(mut schema: Schema) -> Schema {
    let name = schema.get("$ref").and_then(|reference| reference.as_str()?.strip_prefix("#/$defs/"));
    let definition = name.and_then(|name| schema.get("$defs")?.get(name)?.as_object()).cloned();
    if let Some(definition) = definition {
        schema.remove("$ref");
        for (key, value) in definition {
            schema.insert(key, value);
        }
    }
    schema
}

fn decode<M: Message>(body: &Encoded) -> CallResult<Typed> {
    match body.codec {
        Codec::Raw => body.to_raw()?.into_message::<M>().map(typed),
        Codec::Json if M::ROOT && body.is_empty() => {
            Err(Error::malformed("the body is empty: it is to be the argument"))
        }
        _ => body.decode::<M>().map(typed),
    }
}

fn encode<T: serde::Serialize + 'static>(reply: Typed, codec: Codec) -> CallResult<Encoded> {
    Encoded::encode(&*reply.downcast::<T>().expect("a method's reply has the method's type"), codec)
}

fn admit<M: Message>(message: &Typed) -> CallResult<&M> {
    let message = message
        .downcast_ref::<M>()
        .ok_or_else(|| Error::malformed(format!("a message for {}.{} of another type", M::SERVICE, M::METHOD)))?;
    message.check()?;
    Ok(message)
}

fn service_of<S: 'static>(instance: Instance) -> Rc<S> {
    instance.downcast().expect("a group's workers hold the group's service")
}

fn message_of<M: Message>(message: Typed) -> M {
    *message.downcast().expect("`admit` saw the type before the message was queued")
}

fn typed<T: Send + 'static>(value: T) -> Typed {
    Box::new(value)
}

/// A reply on its way out, checked if something is declared about it.
fn as_declared<T: Send + 'static>(declared: Option<TensorSpec>, reply: T) -> CallResult<Typed> {
    let reply = typed(reply);
    if let (Some(declared), Some(tensor)) = (declared, reply.downcast_ref::<Tensor>()) {
        declared.check(tensor).map_err(|error| Error::service(WRONG_RESULT, error.to_string()))?;
    }
    Ok(reply)
}

fn as_error<E: Into<Failure>>(error: E) -> Error {
    Error::from(error.into())
}
