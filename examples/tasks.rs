//! A method that takes its time: submitted, watched, fetched. What was submitted survives the process.
//!
//! ```text
//! cargo run --example tasks
//! curl localhost:3000/fit/submit -H 'content-type: application/json' -d '{"points": [[0, 1], [1, 3], [2, 5]], "epochs": 20000}'
//! curl 'localhost:3000/fit/status?task_id=..'
//! curl 'localhost:3000/fit/get?task_id=..'
//! curl -X PUT 'localhost:3000/fit/cancel?task_id=..'
//! curl -X POST 'localhost:3000/fit/retry?task_id=..'
//! ```

use playhouse::prelude::*;

/// Fits straight lines to points.
pub struct Trainer;

#[service(workers = 1)]
impl Trainer {
    #[init]
    fn new() -> Self {
        Trainer
    }

    /// The slope and the offset of a line through `points`, by so many steps of gradient descent. It gives way between
    /// them: that is where it is dropped when it is cancelled.
    #[task(idempotent, timeout = "1h", retention = "24h", concurrency = 2)]
    async fn fit(&self, points: Vec<(f64, f64)>, epochs: u32) -> Result<(f64, f64)> {
        if points.is_empty() {
            return Err(Error::rejected("points", "there are none: expected at least one").into());
        }
        let (mut slope, mut offset) = (0.0, 0.0);
        let rate = 0.1 / points.len() as f64;
        for _ in 0..epochs {
            for (x, y) in &points {
                let error = slope * x + offset - y;
                slope -= rate * error * x;
                offset -= rate * error;
            }
            tokio::task::yield_now().await;
        }
        Ok((slope, offset))
    }
}

/// The services of this program.
pub fn app() -> App {
    App::new().service::<Trainer>()
}

fn main() -> std::process::ExitCode {
    app().main()
}
