//! `#[root]`, which makes the body of a request the argument.

use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new(#[root] _size: u32) -> Self {
        Service
    }

    #[api]
    async fn two(&self, #[root] one: u32, other: u32) -> Result<u32> {
        Ok(one + other)
    }

    #[api]
    async fn both(&self, #[root] one: u32, #[root] other: u32) -> Result<u32> {
        Ok(one + other)
    }

    #[api]
    async fn twice(&self, #[root] #[root] one: u32) -> Result<u32> {
        Ok(one)
    }

    #[api]
    async fn options(&self, #[root(text)] one: u32) -> Result<u32> {
        Ok(one)
    }

    #[api]
    #[root]
    async fn on_the_method(&self, one: u32) -> Result<u32> {
        Ok(one)
    }

    fn no_api(&self, #[root] one: u32) -> u32 {
        one
    }
}

fn main() {}
