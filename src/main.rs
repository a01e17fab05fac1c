//! The `pobudka` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    pobudka::cli::main()
}
