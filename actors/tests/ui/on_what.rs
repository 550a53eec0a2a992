//! `#[service]` goes on the inherent `impl` of a type with a name.

use playhouse_actors::{Result, service};

#[service]
pub struct OnStruct;

pub struct OnTrait;

pub trait Classify {
    fn classify(&self);
}

#[service(workers = "two")]
impl Classify for OnTrait {
    #[api]
    fn classify(&self) {}
}

pub struct OnGeneric<T>(T);

#[service]
impl<T> OnGeneric<T> {
    #[init]
    fn new() -> Self {
        unimplemented!()
    }

    #[api]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }
}

#[service]
impl OnGeneric<u32> {
    #[init]
    fn new_u32() -> Self {
        OnGeneric(1)
    }
}

pub trait Named {}

#[service]
impl dyn Named {}

fn main() {}
