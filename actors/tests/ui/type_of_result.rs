//! A result is a value that can travel.

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
    async fn row(&self) -> Result<Row> {
        Ok(Row { length: 1.0 })
    }
}

fn main() {}
