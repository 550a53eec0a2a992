//! What travels is as public as the service.

use playhouse_actors::{Result, service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Row {
    length: f32,
}

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn row(&self, row: Row) -> Result<Row> {
        Ok(row)
    }
}

fn main() {}
