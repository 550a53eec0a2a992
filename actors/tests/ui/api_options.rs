//! Options of `#[api(..)]`.

use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api(timeot = "10s")]
    async fn unknown(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(idempotant)]
    async fn misspelt(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(idempotent, idempotent)]
    async fn twice(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(idempotent = true, version = 0)]
    async fn wrong(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(version = "2")]
    async fn text(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(version)]
    async fn bare(&self) -> Result<u32> {
        Ok(1)
    }

    #[api = "idempotent"]
    async fn assigned(&self) -> Result<u32> {
        Ok(1)
    }

    #[api(max_size = 32)]
    async fn misplaced(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
