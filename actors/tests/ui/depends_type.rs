//! What is bound to a URL is a client, and a client without types is bound to something.

use playhouse_actors::{AnyClient, Result, WorkerIndex, service};

pub struct NoClient;

#[service]
impl NoClient {
    #[init]
    fn new(#[depends(url = "http://cleaning:3000")] worker: WorkerIndex) -> Self {
        let _ = worker;
        NoClient
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Unbound;

#[service]
impl Unbound {
    #[init]
    fn new(other: AnyClient) -> Self {
        let _ = other;
        Unbound
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
