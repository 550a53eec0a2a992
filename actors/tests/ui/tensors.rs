//! `#[tensor(f32, [_, 4])]`.

use playhouse_actors::{Result, Tensor, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn not_a_tensor(&self, #[tensor(f32, [_, 4])] rows: Vec<f32>) -> Result<u32> {
        drop(rows);
        Ok(1)
    }

    #[api]
    #[tensor(f32, [_, 4])]
    async fn not_a_result(&self, rows: Tensor) -> Result<u32> {
        drop(rows);
        Ok(1)
    }

    #[api]
    async fn no_shape(&self, #[tensor(f32)] rows: Tensor) -> Result<Tensor> {
        Ok(rows)
    }

    #[api]
    async fn bare(&self, #[tensor] rows: Tensor) -> Result<Tensor> {
        Ok(rows)
    }

    #[api]
    async fn empty(&self, #[tensor()] rows: Tensor) -> Result<Tensor> {
        Ok(rows)
    }

    #[api]
    async fn dtype(&self, #[tensor(fp32, [_])] a: Tensor, #[tensor(int, [_])] b: Tensor) -> Result<Tensor> {
        drop(a);
        Ok(b)
    }

    #[api]
    async fn dimension(&self, #[tensor(f32, [-1, 4])] a: Tensor, #[tensor(f32, [rows, 4])] b: Tensor) -> Result<Tensor> {
        drop(a);
        Ok(b)
    }

    #[api]
    async fn rank(&self, #[tensor(f32, [_, _, _, _, _, _, _, _, _])] a: Tensor) -> Result<Tensor> {
        Ok(a)
    }

    #[api]
    async fn shape(&self, #[tensor(f32, 4)] a: Tensor, #[tensor(f32, [4], [4])] b: Tensor) -> Result<Tensor> {
        drop(a);
        Ok(b)
    }

    #[api]
    #[tensor(f32, [_])]
    #[tensor(f32, [_])]
    async fn twice(&self, a: Tensor) -> Result<Tensor> {
        Ok(a)
    }

    #[tensor(f32, [_])]
    fn helper(&self, #[tensor(f32, [_])] a: Tensor) -> Tensor {
        a
    }
}

fn main() {}
