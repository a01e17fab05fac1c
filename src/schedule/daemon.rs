//! The daemon: woken every few seconds, it looks when something is due.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};

use super::look::{Did, Ids, look};
use crate::config::schedule::When;
use crate::error::{Error, Kind, Result};
use crate::run::{Event, Progress, Workspace};

/// When the alarm clock rings: every five seconds.
const ALARM: &str = "*/5 * * * * *";

/// How long the daemon does not look though it is woken, where no clock makes anything due: other
/// runners may have done what a pipeline waits for, or have been lost.
const MAX_PAUSE: TimeDelta = TimeDelta::seconds(60);

/// Looks and runs until somebody wants it to stop.
///
/// # Errors
/// When the alarm clock cannot be set. A lake out of reach is told and tried again.
pub async fn daemon(workspace: &Workspace, ids: Ids<'_>, progress: Progress<'_>) -> Result<()> {
    let alarm = Arc::new(Notify::new());
    let mut clock = JobScheduler::new().await.map_err(broken)?;
    let rings = Arc::clone(&alarm);
    let job = Job::new_async(ALARM, move |_, _| {
        let rings = Arc::clone(&rings);
        Box::pin(async move { rings.notify_one() })
    });
    clock.add(job.map_err(broken)?).await.map_err(broken)?;
    clock.start().await.map_err(broken)?;
    let mut next = workspace.clock.now();
    while workspace.stop.heard().is_none() {
        let now = workspace.clock.now();
        // A clock set back makes nothing due, but others may need to be looked at.
        if now >= next || next - now > MAX_PAUSE {
            match look(workspace, ids, progress).await {
                Ok(did) => did.iter().for_each(|did| told(workspace, did, progress)),
                Err(error) => {
                    let message = workspace.project.redactor.clean(&error.message);
                    progress(Event::Note(format!("{message}; trying again")));
                }
            }
            next = next_look(workspace, now);
        }
        tokio::select! {
            () = alarm.notified() => {}
            _ = workspace.stop.told() => {}
        }
    }
    clock.shutdown().await.map_err(broken)
}

fn broken(error: tokio_cron_scheduler::JobSchedulerError) -> Error {
    Error::new(Kind::Defect, "the alarm clock cannot be set").because(error)
}

fn told(workspace: &Workspace, did: &Did, progress: Progress<'_>) {
    let what = match &did.run {
        None => return,
        Some(Ok(outcome)) if outcome.up_to_date => "up to date".to_owned(),
        Some(Ok(outcome)) => format!("done by {}", outcome.run),
        Some(Err(error)) => workspace.project.redactor.clean(&error.message),
    };
    progress(Event::Note(format!("{} {}: {what}", did.pipeline, did.due.format("%FT%RZ"))));
}

/// When to look again.
fn next_look(workspace: &Workspace, now: DateTime<Utc>) -> DateTime<Utc> {
    let schedules = workspace.project.pipelines.iter().filter_map(|one| one.schedule.as_ref());
    let dues = schedules.filter_map(|schedule| match &schedule.when {
        When::Cron(times) => times.after(now),
        When::After(_) => None,
    });
    dues.min().unwrap_or(now + MAX_PAUSE).min(now + MAX_PAUSE)
}
