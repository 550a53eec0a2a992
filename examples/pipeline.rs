//! A service that asks another one, and streams what it makes of the answers.
//!
//! ```text
//! cargo run --example pipeline
//! curl http://127.0.0.1:3000/summarise -H 'content-type: application/json' -d '{"texts": ["To be", "or not to be"]}'
//! cargo run --example pipeline -- describe
//! ```

use futures_util::stream::{self, StreamExt};
use playhouse::prelude::*;

/// Computes: each of its workers has a thread of its own, and a long text holds up nobody else.
pub struct Counting;

/// Counts the words of a text.
#[service(workers = 2, traffic(timeout = "5s"))]
impl Counting {
    #[init]
    fn new() -> Self {
        Counting
    }

    /// How many words `text` has.
    #[api]
    fn words(&self, text: String) -> Result<u64> {
        Ok(text.split_whitespace().count() as u64)
    }
}

/// Waits for others, on the threads that HTTP runs on.
pub struct Summary {
    counting: CountingClient,
}

/// Says something about each of many texts.
#[service]
impl Summary {
    #[init]
    fn new(counting: CountingClient) -> Self {
        Summary { counting }
    }

    /// One line for each text, as soon as it is known.
    #[api]
    async fn summarise(&self, texts: Vec<String>) -> Result<impl Stream<Item = Result<String>>> {
        if texts.is_empty() {
            return Err(Error::rejected("texts", "there are none: expected at least one").into());
        }
        Ok(stream::iter(texts).then(move |text| async move {
            let words = self.counting.words(text.clone()).await?;
            Ok(format!("{words} words: {text}"))
        }))
    }
}

fn main() -> std::process::ExitCode {
    App::new().service::<Counting>().service::<Summary>().main()
}
