//! A mistake is one error, also where the service and its client are used.

use playhouse_actors::{Executor, Result, Runtime, service};

pub struct Callee;

#[service]
impl Callee {
    #[init]
    fn new() -> Self {
        Callee
    }

    #[api]
    async fn call(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }
}

pub struct Caller(CalleeClient);

#[service]
impl Caller {
    #[init]
    fn new(callee: CalleeClient) -> Self {
        Caller(callee)
    }

    #[api]
    async fn call(&self) -> Result<()> {
        let _ = &self.0;
        Ok(())
    }
}

fn main() {
    let _ = Runtime::builder(Executor::Current).service::<Callee>().service::<Caller>();
}
