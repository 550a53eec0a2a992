//! What an `#[api]` method returns.

use std::fmt::Display;

use futures_util::{Stream, stream};
use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn nothing(&self) {}

    #[api]
    async fn bare(&self) -> u32 {
        1
    }

    #[api]
    async fn optional(&self) -> Option<u32> {
        None
    }

    #[api]
    async fn borrowed(&self) -> Result<&str> {
        Ok("text")
    }

    #[api]
    async fn itself(&self) -> Result<Self> {
        Ok(Service)
    }

    #[api]
    async fn some(&self) -> Result<impl Display> {
        Ok(1)
    }

    #[api]
    fn items(&self) -> impl Stream<Item = u32> {
        stream::iter([1])
    }

    #[api]
    fn no_item(&self) -> impl Iterator<Item = u32> {
        [1].into_iter()
    }
}

fn main() {}
