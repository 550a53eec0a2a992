//! Options of `#[service(..)]`.

use playhouse_actors::{Result, service};

pub struct Service;

#[service(
    worker = 2,
    replicas = 3,
    timeout = "10s",
    slots = "8",
    slots = 0,
    traffic(
        timeot = "10s",
        timeout = 10,
        idle_timeout = "10 parsecs",
        max_concurrency = 0,
        concurrency = 1.5,
        retries = 3
    ),
    resources(cpu = "200M", memory = "512MB", gpu = "1", disk = "1Gi"),
    restart(policy = "permanant", max_restarts = -1, period = "0s", backoff_min, backoff_max("10s"))
)]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Other;

#[service(workers(2), traffic = 64, slots = 8, slots = 9, workers = 5000000000, restart(policy = "always"))]
impl Other {
    #[init]
    fn new() -> Self {
        Other
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Syntax;

#[service(workers: 2)]
impl Syntax {
    #[init]
    fn new() -> Self {
        Syntax
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Third;

#[service(resources(cpu = 0, memory = true, gpu = -1))]
impl Third {
    #[init]
    fn new() -> Self {
        Third
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
