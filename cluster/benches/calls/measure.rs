//! Counts calls and what they cost.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

/// How long each measurement takes, after a tenth of it to get going.
const LENGTH: Duration = Duration::from_millis(1000);

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    p50: Duration,
    p99: Duration,
    /// Microseconds per call.
    cpu_here: f64,
    cpu_there: f64,
}

impl Figures {
    pub(crate) fn better(self, other: Self) -> Self {
        if other.per_second > self.per_second { other } else { self }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = |duration: Duration| duration.as_secs_f64() * 1e6;
        let Self { per_second, p50, p99, cpu_here, cpu_there } = self;
        write!(f, "{per_second:12.0} {:9.0} {:9.0} {cpu_here:9.2} {cpu_there:9.2}", us(*p50), us(*p99))
    }
}

/// Keeps so many calls in flight. Runs in a `LocalSet`.
pub(crate) async fn measure<F: Future<Output = ()> + 'static>(
    in_flight: usize,
    server: u32,
    call: impl Fn() -> F + 'static,
) -> Figures {
    let (call, done, times) = (Rc::new(call), Rc::new(Cell::new(0_u64)), Rc::new(RefCell::new(Vec::new())));
    let ended = Rc::new(Cell::new(false));
    let tasks: Vec<_> = (0..in_flight)
        .map(|_| {
            let (call, done, times, ended) = (Rc::clone(&call), Rc::clone(&done), Rc::clone(&times), Rc::clone(&ended));
            tokio::task::spawn_local(async move {
                while !ended.get() {
                    // Times are taken of some: reading the clock is not free.
                    let began = done.get().is_multiple_of(16).then(Instant::now);
                    call().await;
                    done.set(done.get() + 1);
                    if let Some(began) = began {
                        times.borrow_mut().push(began.elapsed());
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(LENGTH / 10).await;
    times.borrow_mut().clear();
    let (began, before, cpu) = (Instant::now(), done.get(), [cpu_us(std::process::id()), cpu_us(server)]);
    tokio::time::sleep(LENGTH).await;
    let (elapsed, calls) = (began.elapsed(), (done.get() - before) as f64);
    let spent = [cpu_us(std::process::id()) - cpu[0], cpu_us(server) - cpu[1]];
    ended.set(true);
    for task in tasks {
        task.await.expect("a caller");
    }
    let mut times = times.take();
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    Figures {
        per_second: calls / elapsed.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        cpu_here: spent[0] / calls,
        cpu_there: spent[1] / calls,
    }
}

/// The processor time of a process so far, in microseconds.
fn cpu_us(process: u32) -> f64 {
    // Linux counts in hundredths of a second, so a second of load is good to a few percent.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) * 10_000.0
}
