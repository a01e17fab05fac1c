//! What ends a run before it is done: a signal, a lost lease, its timeout.

use std::time::Duration;

use super::leases::Leases;
use crate::config::pipeline::Pipeline;
use crate::error::{Error, Kind};
use crate::stop::Stop;

/// Waits for what may end a run early.
pub(super) struct Ending<'a> {
    stop: &'a Stop,
    leases: &'a Leases,
    timeout: Option<(Duration, tokio::time::Instant)>,
}

impl<'a> Ending<'a> {
    /// Of what holds `leases`, for as long as it likes.
    pub(super) fn new(stop: &'a Stop, leases: &'a Leases) -> Self {
        Self { stop, leases, timeout: None }
    }

    /// The same of a run of `pipelines`, which begins now: where each has a timeout, it may take
    /// the longest of them.
    pub(super) fn within(self, pipelines: &[&Pipeline]) -> Self {
        let each = pipelines.iter().map(|pipeline| pipeline.timeout?.to_std().ok());
        let longest = each.collect::<Option<Vec<_>>>().and_then(|each| each.into_iter().max());
        let timeout = longest.map(|longest| (longest, tokio::time::Instant::now() + longest));
        Self { timeout, ..self }
    }

    /// Waits until it comes, and gives it as the error of what it ends.
    pub(super) async fn comes(&self) -> Error {
        let overdue = async {
            match self.timeout {
                Some((longest, until)) => {
                    tokio::time::sleep_until(until).await;
                    longest
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            signal = self.stop.told() => interrupted(signal),
            error = self.leases.lost() => error,
            longest = overdue => Error::new(
                Kind::Transient,
                format!("the run took longer than its timeout of {} s", longest.as_secs_f64()),
            )
            .hint("see where the time goes with \"pobudka runs show\", or raise timeout: of the pipeline"),
        }
    }
}

/// The error of a run that was told to stop.
pub(super) fn interrupted(signal: i32) -> Error {
    Error::new(Kind::Interrupted(signal), "interrupted; nothing is half done")
}
