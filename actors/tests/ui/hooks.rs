//! `#[ready]`, `#[alive]` and `#[shutdown]`.

use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }

    #[ready]
    async fn is_ready(&self) -> bool {
        true
    }

    #[ready]
    fn is_ready_too(&self) -> bool {
        true
    }

    #[alive(every = "1s")]
    fn is_alive(&mut self, since: u32) -> Result<bool> {
        drop(since);
        Ok(true)
    }

    #[shutdown]
    fn stop(self) -> Result<()> {
        Ok(())
    }
}

pub struct Other;

#[service]
impl Other {
    #[init]
    fn new() -> Self {
        Other
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }

    #[ready]
    fn is_ready(&self) {}
}

fn main() {}
