//! A constructor's parameters are made by the runtime.

use playhouse_actors::{Result, service};

pub struct Pool;

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new(pool: Pool, size: u32) -> Self {
        let _ = (pool, size);
        Service
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
