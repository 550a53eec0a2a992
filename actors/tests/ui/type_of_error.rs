//! A method fails with any error.

use playhouse_actors::service;

pub struct NotAnError;

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn get(&self) -> Result<u32, NotAnError> {
        Err(NotAnError)
    }
}

pub struct Batched;

#[service]
impl Batched {
    #[init]
    fn new() -> Result<Self, NotAnError> {
        Err(NotAnError)
    }

    #[api(batch(max_size = 8))]
    fn get(&self, rows: Vec<u32>) -> Result<Vec<Result<u32, NotAnError>>, NotAnError> {
        Ok(rows.into_iter().map(Ok).collect())
    }
}

fn main() {}
