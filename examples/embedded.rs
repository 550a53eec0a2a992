//! Services inside a program of one's own: no command line, no HTTP, only clients.
//!
//! ```text
//! cargo run --example embedded
//! ```

use std::cell::Cell;
use std::time::Duration;

use playhouse::prelude::*;

/// Its state is a plain cell: a worker lives on one thread.
pub struct Counter {
    count: Cell<u64>,
}

/// Counts.
#[service(workers = 1)]
impl Counter {
    #[init]
    fn new() -> Self {
        Counter { count: Cell::new(0) }
    }

    /// Adds `by`, and gives the sum so far.
    #[api]
    async fn add(&self, by: u64) -> Result<u64> {
        self.count.set(self.count.get() + by);
        Ok(self.count.get())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = Node::builder().service::<Counter>().start().await?;
    let counter: CounterClient = node.client()?;
    counter.add(40).await?;
    let sum = counter.add(2).await?;
    #[expect(clippy::print_stdout, reason = "what this program is for")]
    {
        println!("{sum}");
    }
    node.drain(Duration::from_secs(10)).await;
    Ok(())
}
