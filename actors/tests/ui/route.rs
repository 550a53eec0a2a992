//! `#[api(route = "/path")]`.

use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api(route = "classify")]
    async fn without_slash(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(route = "/classify?fast=1")]
    async fn with_query(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(route = "/classify/{id}")]
    async fn with_variable(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(route = "/clässify")]
    async fn escaped(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(route = "/v1//classify")]
    async fn with_nothing(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(route = "/v1/")]
    async fn open_ended(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(route = 1)]
    async fn number(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(route)]
    async fn bare(&self) -> Result<u32> {
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

    #[api(route = "/v1/a")]
    async fn a(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(route = "/v1/a")]
    async fn b(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(route = "/d")]
    async fn c(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn d(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
