//! A method has one role, and only methods have one.

use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[api]
    const LIMIT: u32 = 1;

    #[init]
    #[api]
    fn new() -> Self {
        Service
    }

    #[api]
    #[api(idempotent)]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    #[ready]
    async fn ready(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn put(&self, #[api] value: u32) -> Result<u32> {
        Ok(value)
    }
}

pub struct Mute;

#[service]
impl Mute {
    #[init]
    fn new() -> Self {
        Mute
    }
}

fn main() {}
