//! `#[model("name:version")]` names the model of a constructor's parameter.

use playhouse_actors::{Result, WorkerIndex, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new(
        #[model] unnamed: WorkerIndex,
        #[model(iris)] bare: WorkerIndex,
        #[model("")] empty: WorkerIndex,
        #[model("iris:1:2")] versions: WorkerIndex,
        #[model("iris:1")] #[model("iris:2")] twice: WorkerIndex,
        #[tensor(f32, [_])] tensor: WorkerIndex,
    ) -> Self {
        let _ = (unnamed, bare, empty, versions, twice, tensor);
        Service
    }

    #[api]
    #[model("iris:latest")]
    async fn get(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn put(&self, #[model("iris:latest")] id: u32) -> Result<u32> {
        Ok(id)
    }

    fn helper(&self, #[model("iris:latest")] id: u32) -> u32 {
        id
    }
}

fn main() {}
