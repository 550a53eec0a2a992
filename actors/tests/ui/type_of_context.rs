//! A type of the user's own that is called `Context`.

use playhouse_actors::{Result, service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Context(u32);

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn own(&self, context: Context) -> Result<u32> {
        Ok(context.0)
    }
}

fn main() {}
