//! How a command ends.

use std::error::Error;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// Bold and red, as clap has it.
const ERROR: Style = AnsiColor::Red.on_default().bold();

/// The exit code of a command: 1 with the reason as the last line of the standard error when it failed.
pub(super) fn finish<E: Into<Box<dyn Error>>>(result: Result<ExitCode, E>) -> ExitCode {
    result.unwrap_or_else(|error| {
        anstream::eprintln!("{ERROR}error:{ERROR:#} {}", with_sources(error.into().as_ref()));
        ExitCode::FAILURE
    })
}

/// An error with what caused it, where it does not say so itself.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let inner = std::io::Error::other("no space left");
        let outer = anyhow::Error::new(inner).context("cannot write hello");
        assert_eq!(with_sources(outer.as_ref()), "cannot write hello: no space left");
        assert_eq!(with_sources(&std::io::Error::other("no space left")), "no space left");
    }
}
