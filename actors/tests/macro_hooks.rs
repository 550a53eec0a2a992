//! `#[ready]`, `#[alive]` and `#[shutdown]`.

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::Cell;
use std::time::Duration;

use playhouse_actors::{Result, Service, service};
use support::{here, simulate};

thread_local! {
    static STOPPED: Cell<u32> = const { Cell::new(0) };
}

/// Asked, and told.
pub struct Asked {
    ready: Cell<bool>,
}

#[service(workers = 1)]
impl Asked {
    #[init]
    fn new() -> Self {
        Asked { ready: Cell::new(true) }
    }

    #[api]
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    #[ready]
    fn can_take_messages(&self) -> bool {
        self.ready.get()
    }

    /// As the method of the trait, which it does not hide.
    #[alive]
    fn alive(&self) -> bool {
        !self.ready.get()
    }

    #[shutdown]
    async fn stop(&self) {
        tokio::task::yield_now().await;
        STOPPED.set(STOPPED.get() + 1);
    }
}

#[test]
fn hooks_are_asked() {
    let asked = Asked::new();
    assert!(Service::ready(&asked) && !Service::alive(&asked));
    asked.ready.set(false);
    assert!(!Service::ready(&asked) && Service::alive(&asked));
}

/// Has none.
pub struct Silent;

#[service(workers = 1)]
impl Silent {
    #[init]
    fn new() -> Self {
        Silent
    }

    #[api]
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    #[shutdown]
    fn stop(&self) {
        STOPPED.set(STOPPED.get() + 100);
    }
}

#[test]
fn a_drain_ends_with_the_shutdown_hook() {
    simulate(|| async {
        let runtime = here().service::<Silent>().start().await.unwrap();
        runtime.client::<SilentClient>().unwrap().ping().await.unwrap();
        runtime.drain(Duration::from_secs(1)).await;
        assert_eq!(STOPPED.get(), 100);
        assert!(Service::ready(&Silent) && Service::alive(&Silent));
        Asked::new().stop().await;
        assert_eq!(STOPPED.get(), 101);
    });
}
