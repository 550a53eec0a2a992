//! There is one `#[init]` constructor, and what it looks like.

use playhouse_actors::{Result, WorkerIndex, service};

pub struct Missing;

#[service]
impl Missing {
    fn new() -> Self {
        Missing
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Two;

#[service]
impl Two {
    #[init]
    fn new() -> Self {
        Two
    }

    #[init]
    fn load() -> Self {
        Two
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct WithSelf;

#[service]
impl WithSelf {
    #[init]
    fn new(&self) -> Self {
        WithSelf
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Elsewhere;

#[service]
impl Elsewhere {
    #[init(workers = 2)]
    const unsafe fn new<T>(WorkerIndex(index): WorkerIndex) -> Result<Two> {
        let _ = index;
        Ok(Two)
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Nothing;

#[service]
impl Nothing {
    #[init]
    fn new() {}

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

pub struct Optional;

#[service]
impl Optional {
    #[init]
    fn new() -> Option<Self> {
        None
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
