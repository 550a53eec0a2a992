//! The program `playhouse`: starts projects. It hosts no services.

use std::process::ExitCode;

fn main() -> ExitCode {
    playhouse::cli::main()
}
