//! Names that are taken.

use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn client(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn with_timeout(&self, ms: u64) -> Result<u64> {
        Ok(ms)
    }

    #[api]
    async fn clone(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn get_rows(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    #[allow(non_snake_case)]
    async fn getRows(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Twice;

#[service]
impl Twice {
    #[init]
    fn new() -> Self {
        Twice
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn get(&self, id: u32) -> Result<u32> {
        Ok(id)
    }
}

fn main() {}
