//! Arguments, printing, exit codes: the only layer that prints.
//!
//! Keeps true: results go to stdout, everything else to stderr; every error ends with what to do.

mod args;
mod inspect;
mod print;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use args::Cli;

/// Parses the arguments, does what they say, gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let code = crate::error::Kind::Usage.exit_code();
            return if error.use_stderr() { ExitCode::from(code) } else { ExitCode::SUCCESS };
        }
    };
    // One thread means one: then every change of a store happens in the order of the code.
    let mut builder = match cli.threads {
        Some(1) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads could be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        tokio::select! {
            result = verbs::dispatch(cli) => result,
            signal = interrupted() => Err(crate::error::Error::new(
                crate::error::Kind::Interrupted(signal),
                "interrupted; nothing is half done",
            )),
        }
    });
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// Waits for SIGINT or SIGTERM and gives its number.
async fn interrupted() -> i32 {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    match (interrupt, terminate) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! { _ = interrupt.recv() => 2, _ = terminate.recv() => 15 }
        }
        _ => std::future::pending().await,
    }
}
