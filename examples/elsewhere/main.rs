//! A service that has part of its work done elsewhere: here by BentoML, just as well by another Playhouse.
//!
//! ```text
//! (cd examples/elsewhere && bentoml serve cleaning:Cleaning --port 3001) &
//! cargo run --example elsewhere
//! curl http://127.0.0.1:3000/means -H 'content-type: application/json' -d '{"rows": [[1, 2], [3, 4], [-1, 5]]}'
//! cargo run --example elsewhere -- --depends Means.cleaning=https://cleaning.example --depends-token Means.cleaning=env:TOKEN
//! ```

use playhouse::prelude::*;

/// What runs elsewhere, as far as it is called from here. It is never started: `CleaningClient` is made from its methods,
/// and compared with what the other says of itself. The bodies stand in for it where a test has nobody to call.
pub struct Cleaning;

#[service(traffic(timeout = "5s"))]
impl Cleaning {
    #[init]
    fn new() -> Self {
        Cleaning
    }

    /// The rows in which nothing is negative.
    #[api(idempotent)]
    async fn clean(&self, rows: Tensor) -> Result<Tensor> {
        Ok(rows)
    }
}

/// Has rows cleaned before it looks at them.
pub struct Means {
    cleaning: CleaningClient,
    any: AnyClient,
}

/// Says something about the columns of tables.
#[service]
impl Means {
    #[init]
    fn new(
        #[depends(url = "${CLEANING_URL:-http://127.0.0.1:3001}")] cleaning: CleaningClient,
        #[depends(url = "${CLEANING_URL:-http://127.0.0.1:3001}")] any: AnyClient,
    ) -> Self {
        Means { cleaning, any }
    }

    /// The mean of each column, of the rows that are left when they are clean.
    #[api]
    async fn means(&self, rows: Tensor) -> Result<Vec<f32>> {
        let clean = self.cleaning.clean(rows).await?;
        if clean.is_empty() {
            return Err(Error::rejected("rows", "no row is clean").into());
        }
        let &[rows, columns] = clean.shape() else {
            return Err(Error::rejected("rows", "expected a table: rows of numbers, all of one length").into());
        };
        let numbers = clean.to_vec::<f32>()?;
        let sum = |column| numbers.iter().skip(column).step_by(columns).sum::<f32>();
        Ok((0..columns).map(|column| sum(column) / rows as f32).collect())
    }

    /// What is wrong with rows, in the words of whoever cleans them: a method that is called by its name, with JSON.
    #[api]
    async fn inspect(&self, rows: Vec<Vec<f32>>) -> Result<String> {
        let found = self.any.call_json("inspect", serde_json::json!({ "rows": rows })).await?;
        Ok(format!("{} of {} rows are of no use", found["dropped"], found["rows"]))
    }
}

fn main() -> std::process::ExitCode {
    App::new().service::<Means>().main()
}
