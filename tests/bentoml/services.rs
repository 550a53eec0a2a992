//! Services with every kind of argument and result that BentoML's client knows.

#![expect(unreachable_pub, reason = "types of arguments are as public as their messages")]

use futures_util::stream::iter;
use playhouse::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;

/// A flower, as a model of pydantic is.
#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Flower {
    /// In centimetres.
    pub petals: Vec<f32>,
    pub colour: Option<Colour>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    Red,
    Blue,
}

/// What is known of a file.
#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Known {
    name: Option<String>,
    content_type: Option<String>,
    bytes: usize,
    note: Option<String>,
}

/// An image that BentoML's client gives as one of PIL.
#[derive(Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
#[schemars(transparent, extend("contentMediaType" = "image/png", "pil" = true))]
pub struct Picture(File);

/// Gives back what it gets, one method for each kind.
pub(crate) struct Kinds;

/// Gives back what it gets.
#[service]
impl Kinds {
    #[init]
    fn new() -> Self {
        Kinds
    }

    /// Twice the rows.
    #[api]
    #[tensor(f32, [_, 4])]
    async fn twice(&self, #[tensor(f32, [_, 4])] rows: Tensor) -> Result<Tensor> {
        let doubled: Vec<f32> = rows.to_vec::<f32>()?.into_iter().map(|number| 2.0 * number).collect();
        Ok(Tensor::from_vec(rows.shape(), doubled)?)
    }

    /// How long each text is.
    #[api]
    #[tensor(i64, [_])]
    async fn lengths(&self, texts: Vec<String>) -> Result<Tensor> {
        Ok(Tensor::from(texts.iter().map(|text| i64::try_from(text.len()).unwrap_or(i64::MAX)).collect::<Vec<_>>()))
    }

    /// A tensor of which nothing is declared.
    #[api]
    async fn any(&self, tensor: Tensor) -> Result<Tensor> {
        Ok(tensor)
    }

    /// Greets someone.
    ///
    /// ```json
    /// { "name": "Ada", "excited": true }
    /// ```
    #[api]
    async fn greet(&self, name: String, excited: Option<bool>) -> Result<String> {
        Ok(format!("Hello, {name}{}", if excited == Some(true) { "!" } else { "." }))
    }

    /// Three arguments, in this order, which is not that of the alphabet.
    #[api]
    async fn order(&self, c: u32, a: String, b: f64) -> Result<(u32, String, f64)> {
        Ok((c, a, b))
    }

    /// The same flower, without petals.
    #[api]
    async fn pluck(&self, flower: Flower) -> Result<Flower> {
        Ok(Flower { petals: Vec::new(), ..flower })
    }

    /// The flowers of a colour.
    #[api]
    async fn pick(&self, flowers: Vec<Flower>, colour: Option<Colour>) -> Result<Vec<Flower>> {
        Ok(flowers.into_iter().filter(|flower| colour.is_none() || flower.colour == colour).collect())
    }

    /// A number, or nothing.
    #[api]
    async fn find(&self, numbers: Vec<i64>, at: usize) -> Result<Option<i64>> {
        Ok(numbers.get(at).copied())
    }

    /// Takes nothing, gives nothing.
    #[api]
    async fn nothing(&self) -> Result<()> {
        Ok(())
    }

    /// Fails with an error of its own.
    #[api]
    async fn fail(&self, text: String) -> Result<()> {
        Err(Error::service("as_told", text).into())
    }

    /// The colour of a flower, if it has one.
    #[api]
    async fn colour(&self, flower: Flower) -> Result<Option<Colour>> {
        Ok(flower.colour)
    }

    /// A text in capitals.
    #[api]
    async fn shout(&self, #[root] text: String) -> Result<String> {
        Ok(text.to_uppercase())
    }

    /// Bytes in reverse.
    #[api]
    async fn reverse(&self, #[root] bytes: Bytes) -> Result<Bytes> {
        Ok(bytes.iter().rev().copied().collect::<Vec<_>>().into())
    }

    /// A flower with one petal less.
    #[api]
    async fn wilt(&self, #[root] mut flower: Flower) -> Result<Flower> {
        flower.petals.pop();
        Ok(flower)
    }

    /// The sum of all elements.
    #[api]
    #[tensor(f32, [])]
    async fn total(
        &self,
        #[root]
        #[tensor(f32, [_, 4])]
        rows: Tensor,
    ) -> Result<Tensor> {
        Ok(Tensor::scalar(rows.to_vec::<f32>()?.into_iter().sum::<f32>()))
    }

    /// What is known of a file, and a note beside it.
    #[api]
    async fn describe(&self, file: File, note: Option<String>) -> Result<Known> {
        Ok(Known { name: file.name, content_type: file.content_type, bytes: file.data.len(), note })
    }

    /// The sizes of files.
    #[api]
    async fn sizes(&self, files: Vec<File>) -> Result<Vec<usize>> {
        Ok(files.iter().map(|file| file.data.len()).collect())
    }

    /// The size of a file, if there is one.
    #[api]
    async fn maybe_size(&self, file: Option<File>) -> Result<Option<usize>> {
        Ok(file.map(|file| file.data.len()))
    }

    /// A file with a text in it.
    #[api]
    async fn download(&self, name: String, text: String) -> Result<File> {
        Ok(File::new(text.into_bytes()).named(name).of_type("text/plain"))
    }

    /// The file itself, or nothing.
    #[api]
    async fn keep(&self, file: Option<File>) -> Result<Option<File>> {
        Ok(file)
    }

    /// An image, as it is.
    #[api]
    async fn picture(&self, file: File) -> Result<Picture> {
        Ok(Picture(file))
    }

    /// Twice the rows, when it is their turn.
    #[task(concurrency = 16)]
    #[tensor(f32, [_, 4])]
    async fn later(&self, #[tensor(f32, [_, 4])] rows: Tensor) -> Result<Tensor> {
        self.twice(rows).await
    }

    /// What is known of a file that was handed in.
    #[task(concurrency = 16)]
    async fn scan(&self, file: File, note: Option<String>) -> Result<Known> {
        self.describe(file, note).await
    }

    /// Fails with an error of its own, when it is its turn.
    #[task(concurrency = 16)]
    async fn stumble(&self, text: String) -> Result<()> {
        self.fail(text).await
    }

    /// Runs until the script that listens on `port` lets it go.
    #[task(concurrency = 16)]
    async fn linger(&self, port: u16) -> Result<String> {
        meet(port).await
    }

    /// The words of a text.
    #[api]
    async fn words(&self, text: String) -> Result<impl Stream<Item = Result<String>>> {
        Ok(iter(text.split(' ').map(|word| Ok(word.to_owned())).collect::<Vec<_>>()))
    }

    /// A flower as it grows.
    #[api]
    async fn grow(&self, petals: u16) -> Result<impl Stream<Item = Result<Flower>>> {
        let flower = |petals: u16| Flower { petals: (0..petals).map(f32::from).collect(), colour: None };
        Ok(iter((1..=petals).map(move |petals| Ok(flower(petals)))))
    }

    /// Numbers as texts, until it breaks.
    #[api]
    async fn break_at(&self, at: u32) -> Result<impl Stream<Item = Result<String>>> {
        if at == 0 {
            return Err(Error::service("broken", "at once").into());
        }
        let number = move |number: u32| {
            if number == at { Err(Error::service("broken", "in mid-stream").into()) } else { Ok(number.to_string()) }
        };
        Ok(iter((0..=at).map(number)))
    }
}

/// Has a method of the same name as the entry has.
pub(crate) struct Other;

#[service]
impl Other {
    #[init]
    fn new() -> Self {
        Other
    }

    #[api]
    async fn greet(&self, name: String) -> Result<String> {
        Ok(format!("Other: {name}"))
    }
}

/// Lets one message in at a time.
pub(crate) struct Narrow;

#[service(workers = 1, traffic(max_concurrency = 1))]
impl Narrow {
    #[init]
    fn new() -> Self {
        Narrow
    }

    /// Runs until the script that listens on `port` lets it go.
    #[api]
    async fn meet(&self, port: u16) -> Result<String> {
        meet(port).await
    }
}

/// Wants its answers soon.
pub(crate) struct Hasty;

#[service(traffic(timeout = "50ms"))]
impl Hasty {
    #[init]
    fn new() -> Self {
        Hasty
    }

    /// Runs until the script that listens on `port` lets it go.
    #[api]
    async fn meet(&self, port: u16) -> Result<String> {
        meet(port).await
    }
}

async fn meet(port: u16) -> Result<String> {
    let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
    let mut line = String::new();
    connection.read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
