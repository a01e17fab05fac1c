//! Arguments, printing, exit codes: the only layer that prints.
//!
//! Keeps true: results go to stdout, everything else to stderr; every error ends with what to do.

mod args;
mod backtest;
mod docs;
mod doctor;
mod duplicates;
mod inspect;
mod inspect_count;
mod inspect_file;
mod inspect_told;
mod operate;
mod print;
mod profile;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use args::Cli;

use crate::error::{Error, Kind};
use crate::stop::Stop;

/// How long a run may take to end when it is told to stop.
const STOPPING: std::time::Duration = std::time::Duration::from_secs(20);

/// Parses the arguments, does what they say, gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let code = Kind::Usage.exit_code();
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
            print::aside(format!("error: no threads could be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        let stop = Stop::default();
        let mut verb = std::pin::pin!(verbs::dispatch(cli, &stop));
        let signal = tokio::select! {
            result = &mut verb => return result,
            signal = interrupted() => signal,
        };
        stop.tell(signal);
        // A run puts its record in order and gives its leases back; all else just ends.
        if stop.is_awaited() {
            let _ = tokio::time::timeout(STOPPING, verb).await;
        }
        Err(Error::new(Kind::Interrupted(signal), "interrupted; nothing is half done"))
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
