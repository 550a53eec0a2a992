//! What an `#[api]` method takes.

use std::borrow::Cow;
use std::fmt::Display;

use playhouse_actors::{Result, service};

pub struct Service;

#[service]
impl Service {
    #[init]
    fn new() -> Self {
        Service
    }

    #[api]
    async fn exclusive(&mut self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn by_value(self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn boxed(self: Box<Self>) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn without_self() -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn text(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    #[api]
    async fn rows(&self, rows: &[f32], count: &u32, names: Vec<&str>) -> Result<u32> {
        let _ = (rows, names);
        Ok(*count)
    }

    #[api]
    async fn borrowed<'a>(&self, text: Cow<'a, str>) -> Result<String> {
        Ok(text.into_owned())
    }

    #[api]
    async fn elided(&self, text: Cow<'_, str>) -> Result<String> {
        Ok(text.into_owned())
    }

    #[api]
    async fn generic<T>(&self, value: T) -> Result<u32> {
        drop(value);
        Ok(1)
    }

    #[api]
    async fn sized<const N: usize>(&self, values: [f32; N]) -> Result<u32> {
        drop(values);
        Ok(1)
    }

    #[api]
    async fn implicit(&self, value: impl Display) -> Result<String> {
        Ok(value.to_string())
    }

    #[api]
    async fn pattern(&self, (a, b): (u32, u32)) -> Result<u32> {
        Ok(a + b)
    }

    #[api]
    async fn unnamed(&self, _: u32) -> Result<u32> {
        Ok(1)
    }

    #[api]
    async fn itself(&self, other: Option<Self>) -> Result<u32> {
        drop(other);
        Ok(1)
    }

    #[api]
    async unsafe fn dangerous(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    const fn constant(&self) -> Result<u32> {
        Ok(1)
    }

    #[api]
    extern "C" fn foreign(&self) -> Result<u32> {
        Ok(1)
    }
}

fn main() {}
