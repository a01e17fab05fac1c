//! Arguments, printing, exit codes: the only layer that prints.
//!
//! Keeps true: results go to stdout, everything else to stderr; every error ends with what to do.

mod args;
mod backtest;
mod docs;
mod doctor;
mod duplicates;
mod inspect;
mod inspect_file;
mod inspect_target;
mod inspect_told;
mod operate;
mod print;
mod profile;
mod query;
mod upkeep;
mod verbs;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser;

use args::Cli;

use crate::error::{Error, Kind};
use crate::stop::Stop;

/// How long a run may take to end when it is told to stop.
const STOPPING: Duration = Duration::from_secs(2);

/// How often the thread that does the work says that it can still be talked to.
const BEAT: Duration = Duration::from_millis(100);

/// How long it may be silent once it was told to stop: an operator that does not pause to be asked
/// holds it.
const SILENCE: Duration = Duration::from_millis(1_500);

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
    let (stop, beats) = (Stop::default(), Arc::new(AtomicU64::new(0)));
    watch(stop.clone(), Arc::clone(&beats));
    let result = runtime.block_on(async {
        let mut verb = std::pin::pin!(verbs::dispatch(cli, &stop));
        let signal = tokio::select! {
            // The daemon ends well when it is told to, and still has not done all it is there for.
            result = &mut verb => return stop.heard().map_or(result, |signal| Err(interruption(signal))),
            signal = stop.told() => signal,
        };
        // A run puts its record in order and gives its leases back; all else just ends.
        if stop.is_awaited() {
            tokio::select! {
                _ = &mut verb => {}
                () = tokio::time::sleep(STOPPING) => {}
                () = beat(&beats) => {}
            }
        }
        Err(interruption(signal))
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

fn interruption(signal: i32) -> Error {
    Error::new(Kind::Interrupted(signal), "interrupted; nothing is half done")
}

/// Counts, for as long as it is asked to.
async fn beat(beats: &AtomicU64) {
    let mut pause = tokio::time::interval(BEAT);
    loop {
        pause.tick().await;
        beats.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits for signals on a thread of its own, hands the first on to whoever works, and ends the
/// process where nobody hears it, or another signal comes. What a run had not committed by then is
/// not there; its lease is free, as its process is gone.
fn watch(stop: Stop, beats: Arc<AtomicU64>) {
    let watching = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let signal = interrupted().await;
            stop.tell(signal);
            let silent = async {
                let mut last = beats.load(Ordering::Relaxed);
                loop {
                    tokio::time::sleep(SILENCE).await;
                    let now = beats.load(Ordering::Relaxed);
                    if std::mem::replace(&mut last, now) == now {
                        return;
                    }
                }
            };
            tokio::select! { () = silent => {}, _ = interrupted() => {} }
            let error = interruption(signal);
            print::error(&error);
            std::process::exit(i32::from(error.kind.exit_code()));
        });
    };
    std::thread::spawn(watching);
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
