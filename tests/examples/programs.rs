//! The examples as parts of this program.

use playhouse::App;

#[path = "../../examples/iris/main.rs"]
#[allow(dead_code, unreachable_pub)] // its `main`
mod iris;
#[path = "../../examples/tasks.rs"]
#[allow(dead_code, unreachable_pub)] // its `main`
mod tasks;

/// Tells this program which example it is.
pub(crate) const EXAMPLE: &str = "EXAMPLE";

pub(crate) const IRIS: &str = "iris";

/// The example that this program was started as, if it was.
pub(crate) fn asked_for() -> Option<App> {
    match std::env::var(EXAMPLE).ok()?.as_str() {
        IRIS => Some(iris::app()),
        "tasks" => Some(tasks::app()),
        other => panic!("no test knows the example {other}: add it to this list"),
    }
}
