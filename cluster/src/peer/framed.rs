//! Reads frames one after the other, for connections that carry few of them.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::wire::{Malformed, PREFIX, Prefix};

/// How much is read at once.
const READ: usize = 4096;

/// Reads frames one after the other.
pub(super) struct Framed<R> {
    io: R,
    buffer: BytesMut,
}

/// Why no frame came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FramedError {
    /// The connection has ended.
    #[error("it was closed by the other side")]
    Closed,
    /// The connection was lost.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What came is no frame.
    #[error("it sent {0}")]
    Malformed(#[from] Malformed),
}

impl<R: AsyncRead + Unpin> Framed<R> {
    pub(super) fn new(io: R) -> Self {
        Self { io, buffer: BytesMut::new() }
    }

    /// The next frame. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<(Prefix, Bytes), FramedError> {
        loop {
            if let Some(prefix) = Prefix::decode(&self.buffer)?
                && self.buffer.len() >= PREFIX + prefix.length
            {
                let frame = self.buffer.split_to(PREFIX + prefix.length).freeze();
                return Ok((prefix, frame.slice(PREFIX..)));
            }
            self.buffer.reserve(READ);
            if self.io.read_buf(&mut self.buffer).await? == 0 {
                return Err(FramedError::Closed);
            }
        }
    }
}
