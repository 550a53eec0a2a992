//! The trait that `#[service]` implements: what a type must say of itself to be run as a group.

use crate::description::{Requirement, Settings};
use crate::failure::Failure;
use crate::inject::InitContext;
use crate::method::Methods;

/// A service: a type whose methods are called by messages.
///
/// Written by `#[service]` on an `impl` block; its documentation shows the expansion. It can be written by hand too.
/// One instance is a worker: it is made by [`Service::init`], runs its methods and is dropped on one and the same
/// thread, and need not be `Send`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    note = "put `#[service]` on an `impl {Self}` block with an `#[init]` constructor"
)]
pub trait Service: Sized + 'static {
    /// The name by which the service is called and found.
    const NAME: &'static str;
    /// The doc comment.
    const DOC: &'static str;

    /// Whether [`Service::ready`] or [`Service::alive`] say anything: only then are workers asked, every second or so.
    const HAS_HEALTH_HOOKS: bool = false;

    /// What the attribute in the code sets.
    fn settings() -> Settings;

    /// What the constructor takes, in its order.
    fn requirements() -> Vec<Requirement>;

    /// Adds each method to the table.
    fn methods(table: &mut Methods<Self>);

    /// Makes one instance.
    ///
    /// # Errors
    /// Whatever keeps it from working. The supervisor tries again as its restart policy says.
    fn init(context: &InitContext) -> impl Future<Output = Result<Self, Failure>>;

    /// Whether this instance is ready. It is asked when it has been made and every second or so from then on. A group of which
    /// no instance is ready says so to health checks, and gets messages only if no other replica is open.
    fn ready(&self) -> bool {
        true
    }

    /// Whether this instance is in order. A worker that says no takes nothing new, finishes what it has and is replaced.
    fn alive(&self) -> bool {
        true
    }

    /// Called once, when the worker is about to be dropped after a drain; not after a panic.
    fn shutdown(&self) -> impl Future<Output = ()> {
        std::future::ready(())
    }
}
