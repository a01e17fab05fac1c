//! The `pobudka` binary.

use std::process::ExitCode;

/// Quicker than the system's, and gives memory back that threads have freed.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pobudka::cli::main()
}
