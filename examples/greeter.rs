//! The smallest program: one service with one method.
//!
//! ```text
//! cargo run --example greeter
//! curl http://127.0.0.1:3000/greet -H 'content-type: application/json' -d '{"name": "world"}'
//! ```

use playhouse::prelude::*;

/// Has no state: every worker is the same.
pub struct Greeter;

/// Greets people by name.
#[service]
impl Greeter {
    #[init]
    fn new() -> Self {
        Greeter
    }

    /// Says hello to `name`.
    #[api]
    async fn greet(&self, name: String) -> Result<String> {
        Ok(format!("Hello, {name}!"))
    }
}

fn main() -> std::process::ExitCode {
    App::new().service::<Greeter>().main()
}
