//! The `#[service]` attribute of Playhouse.
//!
//! In reading order: `expand` takes the attribute and its `impl`; `attributes` takes off what belongs to it;
//! `options` reads what stands in parentheses; `model` is what the `impl` then says; `generate` writes it down. Every
//! mistake is noted in `mistakes` at its token, and all of them are reported together.

mod attributes;
mod expand;
mod generate;
mod mistakes;
mod model;
mod names;
mod options;

use proc_macro::TokenStream;

/// Makes a service of a type: put on its `impl`, it adds a client, messages, and the implementation of `Service`.
///
/// ```ignore
/// use playhouse::prelude::*;
///
/// /// Names the species of iris flowers.
/// pub struct IrisClassifier { preprocessing: PreprocessingClient, model: Mlp }
///
/// #[service(resources(cpu = "1", memory = "2Gi"), traffic(timeout = "10s", max_concurrency = 64))]
/// impl IrisClassifier {
///     #[init]
///     async fn load(preprocessing: PreprocessingClient, #[model("iris:latest")] files: ModelFiles) -> Result<Self> {
///         Ok(Self { preprocessing, model: Mlp::load(&files)? })
///     }
///
///     /// Takes centimetres, gives class indices.
///     #[api]
///     #[tensor(u32, [_])]
///     async fn classify(&self, #[tensor(f32, [_, 4])] input_series: Tensor) -> Result<Tensor> {
///         let rows = self.preprocessing.preprocess(input_series).await?;
///         self.model.predict(&rows)
///     }
/// }
/// ```
///
/// # Rules
///
/// 1. `#[service]` on `impl Foo` adds `FooClient`, with the same methods, and a module `foo` with the message types. The
///    `impl` stays as it is written; only the attributes below are taken off. The service is named after the type, which
///    is therefore not generic. The documentation of the service is that of the `impl`. The `impl` stands in a module: in
///    a function body the messages would not see types that are declared there.
/// 2. One constructor is marked `#[init]`: `fn` or `async fn`, returning `Self` or `Result<Self>` with any error. Its
///    parameters are what the service depends on: clients of other services, `#[model("name:version")]` files, `Device`,
///    `WorkerIndex`, `Config<T>`, and whatever else implements `Inject`. `#[depends(url = "https://host/path")]` on a
///    client binds it to whoever answers there by HTTP, be it Playhouse or BentoML, instead of a service of the program;
///    `AnyClient` is then a client without types. The URL may hold variables of the environment, as `${NAME}` or
///    `${NAME:-default}`, and configuration may set another. `token = "env:NAME"` or `"file:PATH"` beside it says where
///    the bearer token is that lets callers in there.
/// 3. Methods marked `#[api]` are called by messages. They take `&self` and owned arguments, and return `Result<T>` with
///    any error. State that changes is a `Cell` or a `RefCell`: a worker lives on one thread, and calls interleave at
///    their awaits. Other methods are nobody else's business.
/// 4. An `async fn` awaits; a plain `fn` computes, and gets its service a thread for each worker.
/// 5. A method that returns `impl Stream<Item = Result<T>>`, or that inside a `Result`, streams to its caller. The stream
///    may borrow from `self`.
/// 6. With `batch(..)` the method takes one `Vec<T>` and returns `Result<Vec<U>>`, or `Result<Vec<Result<U>>>` to fail for
///    some only, in the same order. The client sends one `T` and gets one `U`.
/// 7. `#[tensor(f32, [_, 4])]` on a `Tensor` argument, or on the method for its result, declares dtype and shape: `_` is a
///    dimension of any length. It is in the schema; arguments are checked before they take a place in the mailbox, results
///    before they leave. JSON numbers become the declared dtype. In a batch and in a stream it holds for each item.
/// 8. `#[root]` on the only argument of a method: the body of a request is that value, and not an object that names it. Over
///    HTTP a root string is the text of the body, a root `Bytes` or `File` the body as it is. Callers in Rust see no
///    difference.
/// 9. A method marked `#[task]` instead of `#[api]` can be called like any other, and also be submitted: HTTP then answers at
///    once, with an id by which the state and, within its retention, the result are fetched, and by which it is cancelled or
///    run again. What was submitted is on disk and survives the process. It runs at most once; one that is `idempotent` runs
///    again if the process ends in the middle. It answers once: it neither streams nor gathers a batch.
/// 10. `#[ready] fn(&self) -> bool` and `#[alive] fn(&self) -> bool` are asked every second or so: a group of which no worker is
///     ready says so to health checks, and others are called instead where there are any; a worker that is not alive takes
///     nothing new and is replaced. `#[shutdown] fn(&self)`, or `async fn`, is called when a
///     worker is about to be dropped after a drain.
/// 11. A parameter of type `Context` is no argument: the method sees by it the headers, the caller and the deadline of
///     the request that it serves, and sets status, headers and cookies of the answer. Clients do not show it; a method
///     with `batch(..)` cannot take one. Like `Tensor` it is known by its name.
///
/// Arguments and results are `Serialize + DeserializeOwned + JsonSchema + Send + 'static`, and public: they are part of
/// the client. An argument of type `Option<T>` may be left out. Documentation of parameters is allowed, and becomes that
/// of the message's fields. `#[cfg]` on a method also holds for everything that is generated from it.
///
/// # Options of `#[service(..)]`
///
/// | option | value | meaning |
/// |---|---|---|
/// | `workers = 2` | at least 1 | workers in a group |
/// | `slots = 8` | at least 1 | messages that one worker runs at a time |
/// | `traffic(timeout = "10s")` | duration | deadline of a call that brings none; for a stream, of its first item |
/// | `traffic(idle_timeout = "5s")` | duration | the longest time between two items of a stream |
/// | `traffic(max_concurrency = 64)` | at least 1 | messages that one group admits, waiting and running |
/// | `traffic(concurrency = 32)` | at least 1 | messages that a replica should have: what scaling aims at |
/// | `resources(cpu = "200m")` | Kubernetes notation, or a number of cores | processor time |
/// | `resources(memory = "512Mi")` | Kubernetes notation, or bytes | memory |
/// | `resources(gpu = 1)` | number | GPUs, whole or in part |
/// | `restart(policy = "permanent")` | `permanent`, `transient`, `never` | which ends of a worker are followed by a restart |
/// | `restart(max_restarts = 3)` | number | restarts within `period` before the group counts as failed |
/// | `restart(period = "60s")` | duration | the period of `max_restarts` |
/// | `restart(backoff_min = "100ms")` | duration | the first pause before a restart |
/// | `restart(backoff_max = "10s")` | duration | the longest pause before a restart |
///
/// A duration is a number and one of `ns`, `us`, `ms`, `s`, `m`, `h`.
///
/// # Options of `#[api(..)]`
///
/// | option | value | meaning |
/// |---|---|---|
/// | `idempotent` | | running it twice does the same as running it once, so it may be retried |
/// | `version = 2` | at least 1 | a caller reaches only replicas with the same version |
/// | `route = "/v1/classify"` | the path of a URL | where the method is over HTTP: at this path of its service instead of `/<method>`; `/<Service>/<method>` remains |
/// | `batch(max_size = 32)` | at least 1 | the most messages in one batch; required |
/// | `batch(max_latency = "20ms")` | duration | how long the first message of a batch may wait for more |
/// | `batch(max_cost = 16384)` | at least 1 | the most that the messages of one batch may cost together |
/// | `batch(cost = Self::tokens)` | `fn(&T) -> usize` or another integer | what a message costs; 1 unless given |
/// | `batch(check = Self::check)` | `fn(&T) -> Result<()>` | refuses a message before it joins a batch |
///
/// # Options of `#[task(..)]`
///
/// `idempotent`, `version` and `route` are those of `#[api(..)]`. The others are about tasks that are submitted:
///
/// | option | value | meaning |
/// |---|---|---|
/// | `timeout = "1h"` | duration | the longest that a task may run; an hour unless set. `traffic(timeout)` is for calls |
/// | `retention = "24h"` | duration | how long a task and its result are kept when it has ended; a day unless set |
/// | `concurrency = 1` | at least 1 | tasks that run at once; one for each worker unless set |
/// | `max_unfinished = 10000` | at least 1 | tasks that wait and run together; more are answered 429. 10,000 unless set |
///
/// # Expansion
///
/// Everything that is generated can be written by hand. This service
///
/// ```ignore
/// #[service(workers = 1, traffic(timeout = "1s"))]
/// impl Greeter {
///     #[init]
///     fn new(worker: WorkerIndex) -> Self {
///         Greeter { worker }
///     }
///
///     /// Says hello.
///     #[api]
///     async fn greet(&self, name: String) -> Result<String> {
///         Ok(format!("{name} meets worker {}", self.worker.0))
///     }
/// }
/// ```
///
/// becomes the `impl` without `#[init]` and `#[api]`, and what follows, apart from absolute paths. `Clone` and `Debug` of
/// a message hold where all arguments have them. (`actors/tests/by_hand.rs` is this code, compiled and called.)
///
/// ```ignore
/// /// The messages of `Greeter`: the arguments of each method as a value.
/// pub mod greeter {
///     use super::*;
///
///     /// Says hello.
///     #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
///     #[serde(deny_unknown_fields)]
///     pub struct Greet {
///         pub name: String,
///     }
/// }
///
/// impl Message for greeter::Greet {
///     const SERVICE: &'static str = "Greeter";
///     const METHOD: &'static str = "greet";
///     const ONLY: Option<&'static str> = Some("name");
///     type Reply = String;
///
///     fn from_raw(raw: Raw) -> Result<Self, Raw> {
///         raw.exactly().map(|name| Self { name })
///     }
/// }
///
/// impl Unary for greeter::Greet {}
///
/// /// Calls `Greeter`, wherever its replicas are. Cheap to clone.
/// #[derive(Clone)]
/// pub struct GreeterClient(Client);
///
/// impl GreeterClient {
///     /// The client underneath, which sends messages as values.
///     pub fn client(&self) -> &Client {
///         &self.0
///     }
///
///     /// A client whose calls have this timeout instead of the service's own.
///     pub fn with_timeout(&self, timeout: Duration) -> Self {
///         Self(self.0.with_timeout(timeout))
///     }
///
///     /// A client whose calls go to the replica that this key leads to.
///     pub fn with_affinity(&self, key: impl AsRef<[u8]>) -> Self {
///         Self(self.0.with_affinity(key))
///     }
///
///     /// Says hello.
///     pub async fn greet(&self, name: String) -> CallResult<String> {
///         self.0.call(greeter::Greet { name }).await
///     }
/// }
///
/// impl From<Client> for GreeterClient {
///     fn from(client: Client) -> Self {
///         Self(client)
///     }
/// }
///
/// impl ServiceClient for GreeterClient {
///     const SERVICE: &'static str = "Greeter";
///
///     fn description() -> Option<ServiceDescription> {
///         Some(Definition::of::<Greeter>().description().clone())
///     }
/// }
///
/// // So that other services can ask for it in their constructors.
/// impl Inject for GreeterClient {
///     fn requirement(_: Option<&'static str>) -> RequirementKind {
///         RequirementKind::Service("Greeter")
///     }
///
///     async fn inject(context: &InitContext, _: &Requirement) -> Result<Self> {
///         context.client("Greeter").map(Self)
///     }
/// }
///
/// impl Service for Greeter {
///     const NAME: &'static str = "Greeter";
///     const DOC: &'static str = "";
///
///     fn settings() -> Settings {
///         let traffic = Traffic { timeout: Some(Duration::from_secs(1)), ..Traffic::default() };
///         Settings { workers: Some(1), traffic, ..Settings::default() }
///     }
///
///     fn requirements() -> Vec<Requirement> {
///         vec![Requirement { parameter: "worker", kind: <WorkerIndex as Inject>::requirement(None) }]
///     }
///
///     fn methods(table: &mut Methods<Self>) {
///         table.unary(
///             MethodOptions { doc: "Says hello.", ..MethodOptions::default() },
///             |service: Rc<Self>, message: greeter::Greet| async move { Self::greet(&service, message.name).await },
///         );
///     }
///
///     async fn init(context: &InitContext) -> Result<Self, Failure> {
///         let requirements = Self::requirements();
///         Ok(Self::new(<WorkerIndex as Inject>::inject(context, &requirements[0]).await?))
///     }
/// }
/// ```
///
/// # Mistakes
///
/// Each is reported at the token at fault, all of an `impl` at once. The `impl` is emitted even so; the client and the
/// messages are not, until it is right.
#[proc_macro_attribute]
pub fn service(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(options.into(), item.into()).into()
}
