//! What a call allocates. ARCHITECTURE justifies each allocation; one more is a change of the design.

#![allow(clippy::unwrap_used)]

mod support;

use playhouse_actors::{Result, service};
use support::here;

/// Gives back what it gets.
pub struct Echo;

#[service(workers = 1)]
impl Echo {
    #[init]
    fn new() -> Self {
        Echo
    }

    #[api]
    async fn echo(&self, number: u64) -> Result<u64> {
        Ok(number)
    }
}

/// The message, the channel of its answer, the method's future and its result.
const PER_CALL: u64 = 4;

#[test]
fn a_local_call_allocates_four_times() {
    const CALLS: u64 = 1_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    let echo: EchoClient =
        local.block_on(&runtime, async { here().service::<Echo>().start().await.unwrap().client().unwrap() });
    let calls = |count| {
        let counted = allocation_counter::measure(|| {
            local.block_on(&runtime, async {
                for number in 0..count {
                    assert_eq!(echo.echo(number).await, Ok(number));
                }
            });
        });
        counted.count_total
    };
    // Queues have their size after the first calls.
    calls(100);
    let allocations = calls(CALLS) - calls(0);
    assert_eq!(allocations / CALLS, PER_CALL, "{allocations} allocations in {CALLS} calls");
}
