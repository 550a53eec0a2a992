//! A service that greets. Start it with `cargo run`.

use playhouse::prelude::*;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn greets_by_name() {
        let greeting = Greeter::new().greet("world".to_owned()).await;
        assert_eq!(greeting.expect("a greeting"), "Hello, world!");
    }
}
