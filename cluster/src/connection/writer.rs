//! Writes what waits: everything that has gathered, in one system call.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::Connection;
use super::outgoing::Batch;
use crate::transport::WriteHalf;

/// A peer that takes nothing for so long does not read.
const STALL_MAX: Duration = Duration::from_secs(10);

/// Writes until the connection has ended and everything was said.
pub(super) async fn write(connection: Arc<Connection>, mut io: WriteHalf) {
    if let Err(error) = write_all(&connection, &mut io).await {
        // Nothing can be said: a frame may be half written.
        connection.close(&error.to_string(), None);
    }
    // The other side may be gone: then there is nobody to tell.
    drop(io.shutdown().await);
}

async fn write_all(connection: &Connection, io: &mut WriteHalf) -> io::Result<()> {
    let mut spare = Vec::new();
    while std::future::poll_fn(|cx| connection.poll_work(cx)).await {
        // Whoever else is about to add something does so now.
        tokio::task::yield_now().await;
        let batch = connection.take_batch(spare);
        write_batch(connection, io, &batch).await?;
        spare = batch.frames;
    }
    Ok(())
}

async fn write_batch(connection: &Connection, io: &mut WriteHalf, batch: &Batch) -> io::Result<()> {
    if batch.chunks.is_empty() {
        let mut rest = batch.frames.as_slice();
        while !rest.is_empty() {
            let written = within_limit(io.write(rest)).await?;
            connection.wrote(written);
            rest = &rest[written..];
        }
        return Ok(());
    }
    let pieces = batch.chunks.iter().flat_map(|(header, bytes)| [header.as_slice(), bytes]);
    let mut slices: Vec<_> = std::iter::once(batch.frames.as_slice()).chain(pieces).map(IoSlice::new).collect();
    let mut rest = slices.as_mut_slice();
    // Those that are empty would look like a peer that takes nothing.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        let written = within_limit(write_vectored(io, rest)).await?;
        connection.wrote(written);
        IoSlice::advance_slices(&mut rest, written);
    }
    Ok(())
}

async fn write_vectored(io: &mut (impl AsyncWrite + Unpin), slices: &[IoSlice<'_>]) -> io::Result<usize> {
    io.write_vectored(slices).await
}

async fn within_limit(write: impl Future<Output = io::Result<usize>>) -> io::Result<usize> {
    match timeout(STALL_MAX, write).await {
        Ok(Ok(0)) => Err(io::ErrorKind::WriteZero.into()),
        Ok(written) => written,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("it has read nothing for {STALL_MAX:?}"))),
    }
}
