//! The same as services of Playhouse, and two of them that call one another.

use http_floor::Row;
use playhouse::prelude::*;

pub struct Preprocessing;

#[service]
impl Preprocessing {
    #[init]
    fn new() -> Self {
        Preprocessing
    }

    #[api]
    async fn preprocess(&self, input_series: Tensor) -> Result<Tensor> {
        Ok(input_series)
    }
}

pub struct Bench {
    preprocessing: PreprocessingClient,
}

#[service]
impl Bench {
    #[init]
    fn new(preprocessing: PreprocessingClient) -> Self {
        Bench { preprocessing }
    }

    #[api]
    async fn echo(&self, row: Row) -> Result<Row> {
        Ok(row)
    }

    #[api]
    async fn tensor(&self, tensor: Tensor) -> Result<Tensor> {
        Ok(tensor)
    }

    /// Calls the other service, then adds up what it gave.
    #[api]
    async fn classify(&self, #[tensor(f32, [_, 4])] input_series: Tensor) -> Result<f32> {
        let rows = self.preprocessing.preprocess(input_series).await?;
        Ok(rows.to_vec::<f32>()?.iter().sum())
    }

    /// Passes a tensor on to the other service.
    #[api]
    async fn forward(&self, tensor: Tensor) -> Result<Tensor> {
        Ok(self.preprocessing.preprocess(tensor).await?)
    }
}

fn main() -> std::process::ExitCode {
    App::new().service::<Preprocessing>().service::<Bench>().main()
}
