//! What `#[service]` writes, at work: every kind of method called through its client.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use playhouse_actors::{
    Bytes, CallResult, Config, Error, ErrorKind, Failure, Requirement, RequirementKind, Result, Service, Tensor,
    WorkerIndex, service,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use support::{here, simulate};

/// A reply named as the message that asks for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    calls: u32,
    name: String,
}

/// Can be sent, but is neither `Clone` nor `Debug`.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Opaque(u32);

/// Not `Send`, and changes behind `&self`.
pub struct Texts {
    calls: Rc<Cell<u32>>,
    log: RefCell<Vec<String>>,
    worker: WorkerIndex,
}

#[service(workers = 1, slots = 4)]
impl Texts {
    const SEPARATOR: &str = "/";

    #[init]
    fn new(worker: WorkerIndex) -> Self {
        Texts { calls: Rc::default(), log: RefCell::default(), worker }
    }

    #[api]
    async fn join(&self, mut texts: Vec<String>, last: Option<String>) -> Result<String> {
        texts.extend(last);
        self.note("join");
        Ok(texts.join(Self::SEPARATOR))
    }

    /// Computes.
    #[api(idempotent, version = 3)]
    fn length(&self, r#type: Bytes) -> Result<usize> {
        Ok(r#type.len())
    }

    #[api]
    async fn status(&self, status: Status) -> Result<Status> {
        Ok(Status { calls: self.calls.get() + status.calls, name: format!("worker {}", self.worker.0) })
    }

    #[api]
    async fn string(&self, string: String, others: Vec<String>) -> CallResult<String> {
        Ok(string + &others.concat())
    }

    #[api]
    async fn parse(&self, text: String) -> Result<u32, std::num::ParseIntError> {
        text.parse()
    }

    #[api]
    async fn open(&self, opaque: Opaque) -> Result<u32> {
        Ok(opaque.0)
    }

    #[cfg(any())]
    #[api]
    async fn not_compiled(&self, texts: Nowhere) -> Result<Nowhere> {
        Ok(texts)
    }

    fn note(&self, what: &str) {
        self.calls.set(self.calls.get() + 1);
        self.log.borrow_mut().push(what.to_owned());
    }
}

/// Takes many at once.
pub struct Batches {
    sizes: RefCell<Vec<usize>>,
}

#[service(workers = 1)]
impl Batches {
    #[init]
    async fn load() -> Result<Batches, std::io::Error> {
        Ok(Batches { sizes: RefCell::default() })
    }

    #[api(batch(max_size = 4, max_latency = "20ms", max_cost = 6, cost = Self::letters, check = Self::check))]
    async fn upper(&self, texts: Vec<String>) -> Result<Vec<String>> {
        self.sizes.borrow_mut().push(texts.len());
        tokio::task::yield_now().await;
        Ok(texts.iter().map(|text| text.to_uppercase()).collect())
    }

    #[api(batch(max_size = 4))]
    fn halve(&self, numbers: Vec<u32>) -> Result<Vec<Result<u32, String>>, Error> {
        Ok(numbers.into_iter().map(|n| if n % 2 == 0 { Ok(n / 2) } else { Err(format!("{n} is odd")) }).collect())
    }

    #[api]
    async fn sizes(&self) -> Result<Vec<usize>> {
        Ok(self.sizes.borrow().clone())
    }

    fn letters(text: &str) -> usize {
        text.len()
    }

    fn check(text: &str) -> Result<()> {
        if text.is_empty() { Err(Error::rejected("texts", "is empty").into()) } else { Ok(()) }
    }
}

/// Streams.
pub struct Streams {
    words: Vec<String>,
}

#[service]
impl Streams {
    #[init]
    fn new(config: Config<Vocabulary>) -> Self {
        Streams { words: config.0.words }
    }

    /// Borrows from the service.
    #[api]
    fn words(&self, from: usize) -> impl Stream<Item = Result<String>> {
        stream::iter(&self.words).skip(from).map(|word| Ok(word.clone()))
    }

    #[api]
    async fn letters(&self, word: usize) -> Result<impl Stream<Item = CallResult<char>> + use<'_>, &'static str> {
        let word = self.words.get(word).ok_or("no such word")?;
        Ok(stream::iter(word.chars()).map(Ok))
    }
}

/// What `Streams` says.
#[derive(Deserialize)]
pub struct Vocabulary {
    #[serde(default)]
    words: Vec<String>,
}

/// Calls another service.
pub struct Front {
    texts: TextsClient,
}

#[service]
impl Front {
    #[init]
    fn new(texts: TextsClient) -> Result<Self> {
        Ok(Front { texts })
    }

    #[api]
    async fn shout(&self, texts: Vec<String>) -> Result<String> {
        Ok(self.texts.join(texts, None).await?.to_uppercase())
    }
}

/// Declares its tensors.
pub struct Rows;

#[service]
impl Rows {
    #[init]
    fn new() -> Self {
        Rows
    }

    #[api]
    #[tensor(u32, [_])]
    fn classify(&self, #[tensor(f32, [_, 2])] rows: Tensor, wrong: bool) -> Result<Tensor> {
        let classes = vec![7u32; rows.shape()[0]];
        Ok(if wrong { rows } else { Tensor::from(classes) })
    }

    #[api(batch(max_size = 8))]
    #[tensor(f32, [2])]
    fn same(&self, #[tensor(f32, [2])] rows: Vec<Tensor>) -> Result<Vec<Tensor>> {
        Ok(rows)
    }

    #[api]
    #[tensor(f32, [])]
    fn elements(&self, rows: Tensor) -> impl Stream<Item = Result<Tensor>> {
        stream::iter(rows.to_vec::<f32>().unwrap())
            .map(|n| Ok(if n < 0.0 { vec![n].into() } else { Tensor::scalar(n) }))
    }
}

#[test]
fn methods_that_await_and_methods_that_compute() {
    simulate(|| async {
        let runtime = here().service::<Texts>().start().await.unwrap();
        let texts: TextsClient = runtime.client().unwrap();
        assert_eq!(texts.join(vec!["a".into(), "b".into()], Some("c".into())).await.unwrap(), "a/b/c");
        assert_eq!(texts.length(Bytes::from("abc")).await.unwrap(), 3);
        let status = texts.status(Status { calls: 10, name: String::new() }).await.unwrap();
        assert_eq!(status, Status { calls: 11, name: "worker 0".into() });
        assert_eq!(texts.string("a".into(), vec!["b".into()]).await.unwrap(), "ab");
        assert_eq!(texts.open(Opaque(5)).await.unwrap(), 5);
    });
}

#[test]
fn an_error_of_any_type_reaches_the_caller() {
    simulate(|| async {
        let runtime = here().service::<Texts>().start().await.unwrap();
        let texts: TextsClient = runtime.client().unwrap();
        let error = texts.parse("x".into()).await.unwrap_err();
        assert_eq!(error.to_string(), "Texts.parse: invalid digit found in string");
    });
}

#[test]
fn a_batch_has_bounds_checks_and_answers_for_each() {
    simulate(|| async {
        let runtime = here().service::<Batches>().start().await.unwrap();
        let batches: BatchesClient = runtime.client().unwrap();
        let calls = ["ab", "cd", "ef", "gh", "ij"].map(|text| batches.upper(text.to_owned()));
        let upper = futures_util::future::try_join_all(calls).await.unwrap();
        assert_eq!(upper, ["AB", "CD", "EF", "GH", "IJ"]);
        // Each costs 2, and a batch at most 6.
        let sizes = batches.sizes().await.unwrap();
        assert!(sizes.iter().all(|size| *size <= 3) && sizes.iter().sum::<usize>() == 5, "{sizes:?}");

        let error = batches.upper(String::new()).await.unwrap_err();
        assert_eq!(error.kind(), Error::rejected("texts", "is empty").kind());

        let (even, odd) = tokio::join!(batches.halve(4), batches.halve(5));
        assert_eq!(even.unwrap(), 2);
        assert_eq!(odd.unwrap_err().to_string(), "Batches.halve: 5 is odd");
    });
}

#[test]
fn a_stream_may_borrow_from_the_service_and_may_fail_to_begin() {
    simulate(|| async {
        let words = serde_json::json!({ "words": ["one", "two", "three"] });
        let runtime = here().service::<Streams>().configure("Streams", words).start().await.unwrap();
        let streams: StreamsClient = runtime.client().unwrap();
        let words: Vec<String> = streams.words(1).await.unwrap().try_collect().await.unwrap();
        assert_eq!(words, ["two", "three"]);
        let letters: String = streams.letters(0).await.unwrap().try_collect().await.unwrap();
        assert_eq!(letters, "one");
        let error = streams.letters(9).await.map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "Streams.letters: no such word");
    });
}

#[test]
fn a_constructor_is_given_what_it_asks_for() {
    let texts = Requirement { parameter: "texts", kind: RequirementKind::Service("Texts") };
    assert_eq!(Front::requirements(), [texts]);
    assert_eq!(Texts::requirements()[0].kind, RequirementKind::Given);
    simulate(|| async {
        let runtime = here().service::<Front>().service::<Texts>().start().await.unwrap();
        let front: FrontClient = runtime.client().unwrap();
        assert_eq!(front.shout(vec!["a".into(), "b".into()]).await.unwrap(), "A/B");
    });
}

#[test]
fn tensors_are_checked_on_their_way_in_and_out() {
    simulate(|| async {
        let runtime = here().service::<Rows>().start().await.unwrap();
        let rows: RowsClient = runtime.client().unwrap();
        let good = Tensor::from_rows(&[[1f32, 2.0], [3.0, 4.0]]);
        assert_eq!(rows.classify(good.clone(), false).await.unwrap(), Tensor::from(vec![7u32, 7]));

        let error = rows.classify(Tensor::from_rows(&[[1f32]]), false).await.unwrap_err();
        assert_eq!(error.kind(), Error::rejected("rows", "expected f32 [_, 2], got f32 [1, 1]").kind());

        let error = rows.classify(good, true).await.unwrap_err();
        assert_eq!(error.kind(), Error::service("wrong_result", "expected u32 [_], got f32 [2, 2]").kind());
    });
}

#[test]
fn tensors_are_checked_in_batches_and_streams() {
    simulate(|| async {
        let runtime = here().service::<Rows>().start().await.unwrap();
        let rows: RowsClient = runtime.client().unwrap();
        let row = Tensor::from(vec![1f32, 2.0]);
        assert_eq!(rows.same(row.clone()).await.unwrap(), row);
        assert!(matches!(rows.same(vec![1f32].into()).await.unwrap_err().kind(), ErrorKind::Rejected { .. }));

        let mut items = rows.elements(vec![1f32, -1.0].into()).await.unwrap();
        assert_eq!(items.next().await.unwrap().unwrap(), Tensor::scalar(1f32));
        let error = items.next().await.unwrap().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Service { code, .. } if code == "wrong_result"), "{error}");
    });
}

#[test]
fn messages_are_values() {
    let join = texts::Join { texts: vec!["a".into()], last: None };
    assert_eq!(format!("{:?}", join.clone()), r#"Join { texts: ["a"], last: None }"#);
    let json = serde_json::to_string(&join).unwrap();
    assert_eq!(json, r#"{"texts":["a"],"last":null}"#);
    assert_eq!(serde_json::from_str::<texts::Length>(r#"{"type":"/9g="}"#).unwrap().r#type.len(), 2);
    simulate(|| async {
        let runtime = here().service::<Texts>().start().await.unwrap();
        let client = runtime.client::<TextsClient>().unwrap();
        let replies = client.client().broadcast(join).await;
        assert_eq!(replies[0].1.as_ref().unwrap(), "a");
    });
}

/// The types that a method of one's own error and the constructor agree on.
#[test]
fn the_impl_is_left_as_it_was() {
    let made: Result<Batches, std::io::Error> = futures_util::FutureExt::now_or_never(Batches::load()).unwrap();
    let halves: Result<Vec<Result<u32, String>>, Error> = made.unwrap().halve(vec![2, 3]);
    assert_eq!(halves.unwrap(), [Ok(1), Err("3 is odd".to_owned())]);
    let length: Result<usize, Failure> = Texts::new(WorkerIndex(1)).length(Bytes::from("abc"));
    assert_eq!(length.unwrap(), 3);
}
