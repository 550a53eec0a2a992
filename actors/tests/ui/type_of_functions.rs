//! The functions of a batch look at one item.

use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api(batch(max_size = 8, max_cost = 100, cost = Self::tokens, check = Self::check))]
    fn get(&self, rows: Vec<String>) -> Result<Vec<u32>> {
        Ok(rows.into_iter().map(|_| 1).collect())
    }

    fn tokens(text: &String) -> usize {
        text.len()
    }

    fn check(&self, text: &String) -> Result<()> {
        drop(text.len());
        Ok(())
    }
}

fn main() {}
