//! What was asked for, on the standard output.

use std::fmt;
use std::io::{self, Write as _};

/// Prints something with its styles, which are left out where the output is no terminal.
///
/// # Errors
/// When it cannot be written. A reader that has gone, as `head` does, is no error.
pub(super) fn print(text: impl fmt::Display) -> io::Result<()> {
    let mut output = anstream::stdout().lock();
    match write!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
