//! `#[api(batch(..))]`.

use futures_util::{Stream, stream};
use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api(batch)]
    fn bare(&self, rows: Vec<u32>) -> Result<Vec<u32>> {
        Ok(rows)
    }

    #[api(batch())]
    fn unbounded(&self, rows: Vec<u32>) -> Result<Vec<u32>> {
        Ok(rows)
    }

    #[api(batch(max_size = 0))]
    fn empty(&self, rows: Vec<u32>) -> Result<Vec<u32>> {
        Ok(rows)
    }

    #[api(batch(max_size = 32, max_latency = 20, max_cost = 0, cost = "tokens", check = Self::check()))]
    fn wrong(&self, rows: Vec<u32>) -> Result<Vec<u32>> {
        Ok(rows)
    }

    #[api(batch(max_sise = 32, size = 3))]
    fn unknown(&self, rows: Vec<u32>) -> Result<Vec<u32>> {
        Ok(rows)
    }

    #[api(batch(max_size = 32))]
    fn nothing(&self) -> Result<Vec<u32>> {
        Ok(vec![])
    }

    #[api(batch(max_size = 32))]
    fn one(&self, row: u32) -> Result<Vec<u32>> {
        Ok(vec![row])
    }

    #[api(batch(max_size = 32))]
    fn two(&self, rows: Vec<u32>, scale: u32) -> Result<Vec<u32>> {
        drop(scale);
        Ok(rows)
    }

    #[api(batch(max_size = 32))]
    fn one_result(&self, rows: Vec<u32>) -> Result<u32> {
        Ok(rows[0])
    }

    #[api(batch(max_size = 32))]
    fn streamed(&self, rows: Vec<u32>) -> impl Stream<Item = Result<u32>> {
        stream::iter(rows.into_iter().map(Ok))
    }
}

fn main() {}
