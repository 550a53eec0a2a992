//! The context of a request as a parameter.

use playhouse_actors::{Context, Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn two(&self, first: Context, second: Context) -> Result<bool> {
        Ok(first.peer() == second.peer())
    }

    #[api]
    async fn borrowed(&self, context: &Context) -> Result<bool> {
        Ok(context.peer().is_some())
    }

    #[api]
    async fn declared(&self, #[tensor(f32, [4])] context: Context) -> Result<bool> {
        Ok(context.peer().is_some())
    }

    #[api(batch(max_size = 32))]
    async fn batched(&self, rows: Vec<u32>, context: Context) -> Result<Vec<u32>> {
        drop(context);
        Ok(rows)
    }
}

fn main() {}
