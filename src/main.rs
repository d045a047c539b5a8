//! Hands over the arguments and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(offpeak::cli::main(std::env::args_os()))
}
