//! A service whose methods are submitted.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use playhouse::prelude::*;

use crate::stage::meet;

/// Does jobs that are submitted.
pub(crate) struct Jobs;

#[service(workers = 1)]
impl Jobs {
    #[init]
    fn new() -> Self {
        Jobs
    }

    /// Gives back what it is given.
    #[task(concurrency = 16)]
    async fn echo(&self, text: String) -> Result<String> {
        Ok(text)
    }

    /// Adds a line to a file, then runs until the test that listens on `port` lets it go; without a port it ends at once.
    #[task(concurrency = 2)]
    async fn once(&self, file: String, line: String, port: Option<u16>) -> Result<String> {
        note(&file, &line)?;
        match port {
            Some(port) => meet(port).await,
            None => Ok(line),
        }
    }

    /// The same, and may be done again.
    #[task(idempotent, concurrency = 2)]
    async fn again(&self, file: String, line: String, port: Option<u16>) -> Result<String> {
        self.once(file, line, port).await
    }

    /// Few of these are let in.
    #[task(concurrency = 1, max_unfinished = 2, timeout = "1h")]
    async fn few(&self, port: u16) -> Result<String> {
        meet(port).await
    }

    /// Must be done soon.
    #[task(timeout = "50ms")]
    async fn hasty(&self, port: u16) -> Result<String> {
        meet(port).await
    }

    /// Fails with an error of its own.
    #[task]
    async fn fail(&self) -> Result<()> {
        Err(Error::service("no_such_species", "no species 7").into())
    }
}

/// Computes.
pub(crate) struct Mill;

#[service]
impl Mill {
    #[init]
    fn new() -> Self {
        Mill
    }

    /// Blocks its thread until the test that listens on `port` lets it go.
    #[task]
    fn grind(&self, port: u16) -> Result<String> {
        let mut line = String::new();
        BufReader::new(TcpStream::connect(("127.0.0.1", port))?).read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

fn note(file: &str, line: &str) -> Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    Ok(writeln!(file, "{line}")?)
}
