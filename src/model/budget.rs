//! How many threads a computation may take: one, the worker's own.
//!
//! candle 0.11 splits work in two ways, and both pools are one per process: several workers that compute at once wait
//! for each other there. With one thread each, several workers of a sentence encoder were 1.3 to 1.9 times as fast.
//!
//! 1. rayon: matrix products, softmax, sorting. A thread that is itself a pool of one runs all of it in place, so each
//!    worker's thread becomes such a pool. A global pool of one thread would be another queue for all workers.
//! 2. The barrier pool: element-wise operations from 65,536 elements on, quantised products. `CANDLE_NUM_THREADS` sets
//!    its size when it is first used, and nothing else does.
//!
//! Besides, every matrix product counts the cores in `/proc/cpuinfo` unless `RAYON_NUM_THREADS` is set: some 45 us each
//! on a machine of two cores, more on a larger one. The iris classifier answers one row in 93 us without it and in 4 us
//! with it. Both variables have to be there before anything reads them; to set them from within is sound only as long as
//! no other thread may read the environment, so an [`App`](crate::App) does it before it does anything else.

use std::sync::Once;

use rayon::ThreadPoolBuilder;

/// What candle reads from the environment.
const VARIABLES: [&str; 2] = ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"];

/// Sets what candle reads from the environment, where nobody has, if this is the only thread of the process.
#[expect(unsafe_code, reason = "candle takes its budget from the environment and from nowhere else")]
pub(crate) fn claim_process() {
    if !is_single_threaded() {
        return;
    }
    for name in unset() {
        // SAFETY: to set a variable is unsound while another thread may read or write the environment. There is no other
        // thread, as was just seen, and none is started before this returns.
        unsafe { std::env::set_var(name, "1") };
    }
}

/// Whether this is certainly the only thread of the process. Known on Linux alone.
fn is_single_threaded() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() == 1)
}

/// The variables that nobody has set: a value that is there is somebody's choice.
fn unset() -> impl Iterator<Item = &'static str> {
    VARIABLES.into_iter().filter(|name| std::env::var_os(name).is_none())
}

/// Makes candle compute on the calling thread alone whenever that thread asks it to.
///
/// Lasts as long as the thread; to call it again does nothing. rayon never frees the pool, a few kilobytes: that is one
/// for each start of a worker.
pub(super) fn claim_thread() {
    static ADVISE: Once = Once::new();
    ADVISE.call_once(advise);
    // An error says that this thread is in a pool already: its own from an earlier call, or one that the user made.
    let _ = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
}

/// Says what only whoever starts the process can do.
fn advise() {
    let unset: Vec<_> = unset().collect();
    if !unset.is_empty() {
        let setting = unset.join("=1 ");
        tracing::info!("models compute faster in a process that is started with {setting}=1 in its environment");
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn a_claimed_thread_computes_alone() {
        let alone = std::thread::spawn(|| {
            claim_thread();
            claim_thread();
            let me = std::thread::current().id();
            (0..1000).into_par_iter().all(|_| std::thread::current().id() == me)
        });
        assert!(alone.join().unwrap());
    }
}
