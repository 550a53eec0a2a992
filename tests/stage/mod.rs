//! Services that do what a test needs.

use playhouse::prelude::*;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tracing::Instrument;

/// Answers, waits and fails as it is told.
pub(crate) struct Stage;

#[service]
impl Stage {
    #[init]
    fn new() -> Self {
        Stage
    }

    /// Gives back what it is given.
    #[api]
    async fn echo(&self, text: String) -> Result<String> {
        Ok(text)
    }

    /// Gives back rows of four.
    #[api]
    async fn rows(&self, #[tensor(f32, [_, 4])] rows: Tensor) -> Result<Tensor> {
        Ok(rows)
    }

    /// Takes files, gives their names and sizes.
    #[api]
    async fn files(&self, files: Vec<File>, note: Option<String>) -> Result<String> {
        let told: Vec<_> = files.iter().map(|file| format!("{:?} {}", file.name, file.data.len())).collect();
        Ok(format!("{} {note:?}", told.join(", ")))
    }

    /// Gives back a file.
    #[api]
    async fn file(&self, image: File) -> Result<File> {
        Ok(image)
    }

    /// Gives back bytes.
    #[api]
    async fn bytes(&self, bytes: Bytes) -> Result<Bytes> {
        Ok(bytes)
    }

    /// Gives back what the body is.
    #[api(route = "/v1/text")]
    async fn root_text(&self, #[root] text: String) -> Result<String> {
        Ok(text)
    }

    /// Gives back what the body is.
    #[api]
    async fn root_file(&self, #[root] file: File) -> Result<File> {
        Ok(file)
    }

    /// Adds what the body holds.
    #[api(route = "/")]
    async fn sum(&self, #[root] numbers: Vec<f64>) -> Result<f64> {
        Ok(numbers.iter().sum())
    }

    /// Takes a number, a text and a choice.
    #[api]
    async fn fields(&self, number: u32, text: String, maybe: Option<bool>) -> Result<String> {
        Ok(format!("{number} {text} {maybe:?}"))
    }

    /// Gives a tensor of any shape back.
    #[api]
    async fn tensor(&self, tensor: Tensor) -> Result<Tensor> {
        Ok(tensor)
    }

    /// Takes nothing, gives nothing.
    #[api]
    async fn nothing(&self) -> Result<()> {
        Ok(())
    }

    /// Runs until the test that listens on `port` lets it go.
    #[api]
    async fn meet(&self, port: u16) -> Result<String> {
        meet(port).await
    }

    /// Counts from 0, and fails at `fail_at`.
    #[api]
    async fn count(&self, to: u32, fail_at: Option<u32>) -> Result<impl Stream<Item = Result<u32>>> {
        if fail_at == Some(0) {
            return Err(Error::service("at_once", "failed before the first item").into());
        }
        Ok(futures_util::stream::iter((0..to).map(move |number| {
            if fail_at == Some(number) { Err(Error::service("spent", "no more numbers").into()) } else { Ok(number) }
        })))
    }

    /// Sends one item, then waits for the test that listens on `port`.
    #[api]
    async fn count_and_meet(&self, port: u16) -> Result<impl Stream<Item = Result<String>>> {
        let first = futures_util::stream::iter([Ok("first".to_owned())]);
        Ok(futures_util::StreamExt::chain(first, futures_util::stream::once(meet(port))))
    }

    /// Fails with an error of its own.
    #[api]
    async fn fail(&self) -> Result<()> {
        Err(Error::service("no_such_species", "no species 7").into())
    }

    /// Panics.
    #[api]
    async fn panic(&self) -> Result<()> {
        panic!("as the test wants")
    }
}

/// Lets one message in at a time.
pub(crate) struct Narrow;

#[service(workers = 1, slots = 1, traffic(max_concurrency = 1))]
impl Narrow {
    #[init]
    fn new() -> Self {
        Narrow
    }

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

    #[api]
    async fn meet(&self, port: u16) -> Result<String> {
        meet(port).await
    }
}

/// Panics on every call.
pub(crate) struct Fragile;

#[service(workers = 1, restart(max_restarts = 2, backoff_min = "1ms", backoff_max = "1h"))]
impl Fragile {
    #[init]
    fn new() -> Self {
        Fragile
    }

    #[api]
    async fn panic(&self) -> Result<()> {
        panic!("as always")
    }
}

/// Asks another service the wrong thing.
pub(crate) struct Front {
    stage: StageClient,
}

#[service]
impl Front {
    #[init]
    fn new(stage: StageClient) -> Self {
        Front { stage }
    }

    /// Sends rows of three where four are wanted.
    #[api]
    async fn mistake(&self) -> Result<Tensor> {
        Ok(self.stage.rows(Tensor::from_rows(&[[1.0f32, 2.0, 3.0]])).await?)
    }

    /// Has the stage give back what it is given.
    #[api]
    async fn pass_on(&self, text: String) -> Result<String> {
        let asking = tracing::info_span!("asking", letters = text.len());
        Ok(self.stage.echo(text).instrument(asking).await?)
    }
}

/// Waits for the test that listens on `port`: connects, and reads the line that lets it go. When the call is cancelled
/// the connection closes, which the test sees.
pub(crate) async fn meet(port: u16) -> Result<String> {
    let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
    let mut line = String::new();
    connection.read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
