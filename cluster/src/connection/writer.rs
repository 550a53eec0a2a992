//! Writes what waits: everything that has gathered, in one system call.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
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
    while poll_fn(|cx| connection.poll_work(cx)).await {
        // Whoever else is about to add something does so now.
        tokio::task::yield_now().await;
        let (batch, last_words) = connection.take_batch(spare);
        let mut writing = Writing { connection, io, last_words };
        writing.write(&batch).await?;
        spare = batch.frames;
    }
    Ok(())
}

/// A batch on its way to the operating system.
struct Writing<'a> {
    connection: &'a Connection,
    io: &'a mut WriteHalf,
    /// Whether it was taken after the connection had ended.
    last_words: bool,
}

impl Writing<'_> {
    async fn write(&mut self, batch: &Batch) -> io::Result<()> {
        if batch.chunks.is_empty() {
            let mut rest = batch.frames.as_slice();
            while !rest.is_empty() {
                let written = self.hand_over(|io, cx| io.poll_write(cx, rest)).await?;
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
            let written = self.hand_over(|io, cx| io.poll_write_vectored(cx, rest)).await?;
            IoSlice::advance_slices(&mut rest, written);
        }
        Ok(())
    }

    /// Writes some bytes, unless the connection has ended in the middle of the batch: its callers have been told by then
    /// which of their requests have not started. How many.
    async fn hand_over(
        &mut self,
        mut write: impl FnMut(Pin<&mut WriteHalf>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> io::Result<usize> {
        let Self { connection, io, last_words } = self;
        let written = poll_fn(|cx| {
            let written = match connection.hand_over(*last_words) {
                true => write(Pin::new(&mut **io), cx),
                false => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            };
            connection.handed_over(match written {
                Poll::Ready(Ok(written)) => written,
                _ => 0,
            });
            written
        });
        within_limit(written).await
    }
}

async fn within_limit(write: impl Future<Output = io::Result<usize>>) -> io::Result<usize> {
    match timeout(STALL_MAX, write).await {
        Ok(Ok(0)) => Err(io::ErrorKind::WriteZero.into()),
        Ok(written) => written,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("it has read nothing for {STALL_MAX:?}"))),
    }
}
