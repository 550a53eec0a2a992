//! A task answers once, and its options are its own.

use futures_util::{Stream, stream};
use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[task]
    async fn streams(&self) -> Result<impl Stream<Item = Result<u32>>> {
        Ok(stream::empty())
    }

    #[task(batch(max_size = 8))]
    async fn gathers(&self, rows: Vec<u32>) -> Result<Vec<u32>> {
        Ok(rows)
    }

    #[task(retention = "0s")]
    async fn forgets(&self) -> Result<u32> {
        Ok(1)
    }

    #[task(timout = "1h")]
    async fn misspelt(&self) -> Result<u32> {
        Ok(1)
    }

    #[task(timeout = 60, concurrency = 0)]
    async fn wrong(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(retention = "1h")]
    async fn not_a_task(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    #[task]
    async fn both(&self) -> Result<u32> {
        Ok(1)
    }

    #[task]
    async fn takes_nothing_to_share(self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
