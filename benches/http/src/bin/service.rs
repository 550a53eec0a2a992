//! The same as a service of Playhouse.

use http_floor::Row;
use playhouse::prelude::*;

pub struct Echo;

#[service]
impl Echo {
    #[init]
    fn new() -> Self {
        Echo
    }

    #[api]
    async fn echo(&self, row: Row) -> Result<Row> {
        Ok(row)
    }
}

fn main() -> std::process::ExitCode {
    App::new().service::<Echo>().main()
}
