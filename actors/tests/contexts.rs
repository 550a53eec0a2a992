//! What methods know of the requests that they serve.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use futures_util::{Stream, TryStreamExt, stream};
use playhouse_actors::{Codec, Context, Encoded, Headers, RequestHead, ResponseHead, Result, Service, Tensor, service};
use support::{here, simulate};

/// Says what it sees of its request.
pub struct Witness;

#[service(workers = 1, slots = 4, traffic(timeout = "5s"))]
impl Witness {
    #[init]
    fn new() -> Self {
        Witness
    }

    /// The context may stand anywhere among the parameters.
    #[api]
    async fn see(&self, name: String, context: Context, last: Option<u32>) -> Result<String> {
        let header = context.header(&name).unwrap_or("-").to_owned();
        Ok(format!("{header} {} {last:?}", told(&context)))
    }

    #[api]
    async fn alone(&self, context: Context) -> Result<String> {
        context.set_status(201)?;
        context.add_header("x-alone", "yes")?;
        Ok(told(&context))
    }

    #[api]
    fn compute(&self, context: Context, rows: Tensor) -> Result<String> {
        Ok(format!("{} {:?}", told(&context), rows.shape()))
    }

    #[api]
    async fn count(&self, to: u32, context: Context) -> Result<impl Stream<Item = Result<String>>> {
        context.add_header("x-count", &to.to_string())?;
        Ok(stream::iter((0..to).map(move |number| Ok(format!("{number} {}", told(&Context::current()))))))
    }

    /// Takes none: the id goes through it all the same.
    #[api]
    async fn unaware(&self) -> Result<String> {
        Ok(Context::current().request_id().unwrap_or("-").to_owned())
    }
}

fn told(context: &Context) -> String {
    let caller = context.caller().map_or_else(|| "outside".to_owned(), ToString::to_string);
    let remaining = context.remaining().map_or(0, |remaining| remaining.as_secs());
    format!("{}/{}/{caller}/{remaining}", context.request_id().unwrap_or("-"), context.headers().len())
}

/// Calls the other.
pub struct Front {
    witness: WitnessClient,
}

#[service(workers = 1, slots = 4, traffic(timeout = "3s"))]
impl Front {
    #[init]
    fn new(witness: WitnessClient) -> Self {
        Front { witness }
    }

    #[api]
    async fn ask(&self) -> Result<(String, String)> {
        Ok((self.witness.alone().await?, self.witness.unaware().await?))
    }
}

fn context() -> Context {
    let headers: Headers = [("Accept", "a"), ("x-b", "b")].into_iter().collect();
    Context::of(RequestHead { id: "r1".into(), headers, peer: None })
}

#[test]
fn a_call_for_a_request_has_its_headers_and_its_id() {
    simulate(|| async {
        let runtime = here().service::<Witness>().start().await.unwrap();
        let client: WitnessClient = runtime.client().unwrap();
        let seen = context().scope(client.see("ACCEPT".into(), Some(3))).await;
        assert_eq!(seen, Ok("a r1/2/outside/5 Some(3)".into()));
        let rows = Tensor::from_rows(&[[1.0f32, 2.0]]);
        assert_eq!(context().scope(client.compute(rows)).await, Ok("r1/2/outside/5 [1, 2]".into()));
        assert_eq!(client.alone().await, Ok("-/0/outside/5".into()), "nobody gave a context");
    });
}

#[test]
fn what_a_method_says_of_its_answer_is_there_when_it_has_answered() {
    simulate(|| async {
        let runtime = here().service::<Witness>().start().await.unwrap();
        let client = runtime.any_client("Witness").unwrap();
        let (answer, stream) = (context(), context());
        let body = || Encoded::new(Codec::Json, r#"{"to": 2}"#);
        answer.clone().scope(client.call("alone", Encoded::new(Codec::Json, ""), Codec::Json)).await.unwrap();
        let headers = [("x-alone", "yes")].into_iter().collect();
        assert_eq!(answer.response(), ResponseHead { status: Some(201), headers });
        let items = stream.clone().scope(client.stream("count", body(), Codec::Json)).await.unwrap();
        assert_eq!(stream.response().headers.get("x-count"), Some("2"));
        let items: Vec<String> = items.and_then(async |item| item.decode()).try_collect().await.unwrap();
        assert_eq!(items, ["0 r1/2/outside/5", "1 r1/2/outside/5"]);
    });
}

#[test]
fn calls_between_services_have_the_id_and_the_caller_and_no_headers() {
    simulate(|| async {
        let runtime = here().service::<Witness>().service::<Front>().start().await.unwrap();
        let front: FrontClient = runtime.client().unwrap();
        let asked = context();
        let told = asked.clone().scope(front.ask()).await;
        assert_eq!(told, Ok(("r1/0/Front.ask/3".into(), "r1".into())));
        assert_eq!(asked.response(), ResponseHead::default(), "the inner method answers its caller, not the client");
        assert_eq!(front.ask().await, Ok(("-/0/Front.ask/3".into(), "-".into())));
    });
}

#[test]
fn times_are_those_of_the_outer_call() {
    simulate(|| async {
        let runtime = here().service::<Witness>().service::<Front>().start().await.unwrap();
        let front: FrontClient = runtime.client().unwrap();
        assert_eq!(context().timing(), None);
        let timed = Context::timed(RequestHead::default());
        timed.clone().scope(front.ask()).await.unwrap();
        // The clock stands still.
        assert_eq!(timed.timing().map(|timing| (timing.queue, timing.run)), Some((Duration::ZERO, Duration::ZERO)));
    });
}

#[test]
fn only_methods_that_take_one_say_so() {
    let description = playhouse_actors::Definition::of::<Witness>();
    let takers: Vec<_> = description.description().methods.iter().filter(|method| method.context).collect();
    assert_eq!(takers.iter().map(|method| method.name).collect::<Vec<_>>(), ["see", "alone", "compute", "count"]);
    assert_eq!(Witness::NAME, "Witness");
    let arguments = serde_json::to_value(&takers[0].arguments).unwrap();
    assert_eq!(arguments["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["name", "last"]);
}

#[test]
fn a_method_is_tested_by_calling_it() {
    simulate(|| async {
        let context = context().with_timeout(Duration::from_secs(7));
        assert_eq!(Witness.alone(context.clone()).await.unwrap(), "r1/2/outside/7");
        assert_eq!(context.response().status, Some(201));
    });
}
