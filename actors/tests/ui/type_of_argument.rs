//! An argument is a value that can travel.

use playhouse_actors::{Result, service};

pub struct Row {
    pub length: f32,
}

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn length(&self, row: Row) -> Result<f32> {
        Ok(row.length)
    }
}

fn main() {}
