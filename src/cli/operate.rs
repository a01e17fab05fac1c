//! Verbs that run things: by the schedule, again, for quarters of the past; and checks alone.

use chrono::NaiveDate;

use super::args::{BackfillArgs, Cli, Which};
use super::print;
use super::verbs::{progress, request, run_id};
use crate::check::Outcome as Check;
use crate::error::{Error, Kind, Result};
use crate::lake::{Journal, RunRecord, RunState, Slot, read_journal, read_record, read_records};
use crate::run::{
    Claim, Outcome, Rejects, Request, Run, Workspace, last_backfill, new_backfill, perform,
    run_backfill, run_checks, settle_rejects,
};
use crate::schedule;

/// Fails where something would be changed for good under a time that is only supposed.
pub(super) fn refuse_supposed(cli: &Cli) -> Result<()> {
    if cli.now.is_none() || cli.now_writes {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, "what --now supposes changes nothing for good")
        .hint("see what would be done with --now and tick, or write --now-writes beside --now"))
}

/// `schedule`: the daemon.
pub(super) async fn daemon(cli: &Cli, workspace: &Workspace) -> Result<()> {
    refuse_supposed(cli)?;
    if workspace.project.pipelines.iter().all(|pipeline| pipeline.schedule.is_none()) {
        return Err(Error::new(Kind::Nothing, "no pipeline has a schedule")
            .hint("write schedule: { cron: \"15 5 * * *\" } in one"));
    }
    let awaited = workspace.stop.under_way();
    let clock = workspace.clock;
    let ended = schedule::daemon(workspace, &move || run_id(clock), &progress(cli)).await;
    drop(awaited);
    ended
}

/// `tick`: one look at what is due.
pub(super) async fn tick(cli: &Cli, workspace: &Workspace) -> Result<()> {
    if cli.now.is_some() && !cli.now_writes {
        let would = schedule::would(workspace).await?;
        would.iter().for_each(print::line);
        print::line(if would.is_empty() {
            "nothing would be due"
        } else {
            "nothing was run: write --now-writes for that"
        });
        return Ok(());
    }
    let clock = workspace.clock;
    let did = schedule::look(workspace, &move || run_id(clock), &progress(cli)).await?;
    let mut failed = Vec::new();
    for one in &did {
        let slot = format!("{} {}", one.pipeline, one.due.format("%FT%RZ"));
        match &one.run {
            None => print::line(format!("{slot}  left out")),
            Some(Ok(outcome)) if outcome.up_to_date => print::line(format!("{slot}  up to date")),
            Some(Ok(outcome)) => print::line(format!("{slot}  done by {}", outcome.run)),
            Some(Err(error)) => {
                print::line(format!("{slot}  failed"));
                failed.push((slot, error));
            }
        }
    }
    if did.is_empty() {
        print::line("nothing is due");
    }
    let Some((slot, first)) = failed.first() else { return Ok(()) };
    let (count, message) = (failed.len(), &first.message);
    let hint = first.hint.clone().unwrap_or_default();
    let again =
        if first.kind == Kind::Outdated { "" } else { "when the cause is gone: pobudka retry" };
    let between = if hint.is_empty() || again.is_empty() { "" } else { "; " };
    Err(Error::new(first.kind, format!("{count} slots failed; {slot}: {message}"))
        .hint(format!("{hint}{between}{again}")))
}

/// `backfill`.
pub(super) async fn backfill(
    cli: &Cli,
    workspace: &Workspace,
    arguments: &BackfillArgs,
) -> Result<()> {
    let last = last_backfill(workspace).await?.filter(|last| !last.finished);
    let backfill = match (last, arguments.resume, &arguments.from, &arguments.to) {
        (Some(last), true, ..) => last,
        (None, true, ..) => {
            return Err(Error::new(Kind::Nothing, "no backfill waits to be carried on")
                .hint("begin one with --from and --to"));
        }
        (Some(last), false, ..) if !arguments.restart => {
            let (from, to, made) = (&last.from, &last.to, last.done.len());
            return Err(Error::new(
                Kind::Usage,
                format!(
                    "the backfill from {from} to {to} stopped with {made} of its quarters made"
                ),
            )
            .hint("carry on with --resume, or give it up with --restart"));
        }
        (_, false, Some(from), Some(to)) => {
            new_backfill(workspace, from, to, &arguments.pipelines)?
        }
        _ => {
            return Err(Error::new(Kind::Usage, "a backfill needs --from and --to")
                .hint("write as --from 2024Q1 --to 2026Q3"));
        }
    };
    let clock = workspace.clock;
    let ids = move || run_id(clock);
    let done = run_backfill(workspace, backfill, arguments.early, &ids, &progress(cli)).await?;
    for (quarter, run) in &done.done {
        print::line(format!("{quarter}  {run}"));
    }
    Ok(())
}

/// The newest run that did not end well, where none is named.
async fn to_retry(workspace: &Workspace, id: Option<&str>) -> Result<RunRecord> {
    let record = if let Some(id) = id {
        read_record(&workspace.lake, id).await?
    } else {
        let all = read_records(&workspace.lake).await?;
        let made_good: Vec<String> = all
            .iter()
            .filter(|record| ended_well(record))
            .filter_map(|record| record.retries.clone())
            .collect();
        let open = |record: &RunRecord| !ended_well(record) && !made_good.contains(&record.id);
        all.into_iter().find(open).ok_or_else(|| {
            Error::new(Kind::Nothing, "no run waits to be made good").hint("see \"pobudka runs\"")
        })?
    };
    if ended_well(&record) {
        return Err(Error::new(Kind::Usage, format!("run {} ended well", record.id))
            .hint("name one that failed: see \"pobudka runs\""));
    }
    Ok(record)
}

fn ended_well(record: &RunRecord) -> bool {
    matches!(record.state, RunState::Done | RunState::UpToDate)
}

/// The slot of the schedule that `record` was run for, where it still is that run's.
async fn slot_of(workspace: &Workspace, record: &RunRecord) -> Result<Option<(String, Slot)>> {
    let Some((pipeline, _)) = record.slot.as_ref().and_then(|slot| slot.split_once('/')) else {
        return Ok(None);
    };
    let journal: Journal = read_journal(&workspace.lake, pipeline).await?;
    let slot = journal.slots.into_iter().find(|slot| slot.run.as_deref() == Some(&record.id));
    Ok(slot.map(|slot| (pipeline.to_owned(), slot)))
}

/// `retry`: what a run was to do, on the same day; what it had loaded stays loaded.
pub(super) async fn retry(cli: &Cli, workspace: &Workspace, id: Option<&str>) -> Result<Outcome> {
    let record = to_retry(workspace, id).await?;
    let as_of: Option<NaiveDate> = record.as_of.parse().ok();
    let request = Request {
        pipelines: record.pipelines.clone(),
        select: record.select.clone(),
        as_of,
        keep: record.quarter.clone(),
        accept: false,
        anyway: false,
    };
    let slot = slot_of(workspace, &record).await?;
    if slot.is_some() {
        refuse_supposed(cli)?;
    }
    let claim = slot.as_ref().map(|(pipeline, slot)| Claim {
        pipeline,
        slot: Slot::at(slot.due),
        from: Some(record.id.clone()),
    });
    let id = run_id(workspace.clock);
    let run = Run { id: &id, claim: claim.as_ref(), retries: Some(&record.id) };
    perform(workspace, &request, &run, &progress(cli)).await
}

/// `check`: the checks of what pipelines publish, on the lake as it is.
pub(super) async fn check(cli: &Cli, workspace: &Workspace, which: &Which) -> Result<()> {
    let id = run_id(workspace.clock);
    let request = request(workspace, which)?;
    let checks = run_checks(workspace, &request, &id, &progress(cli)).await?;
    let mut failed = 0;
    for check in &checks {
        let word = match check.outcome {
            Check::Passed => "ok  ",
            Check::Warned => "warn",
            Check::Failed => "FAIL",
        };
        failed += usize::from(check.outcome == Check::Failed);
        let (table, what, offenders) = (&check.table, &check.check, check.offenders);
        print::line(format!("{word} {table}: {what}  {offenders} offenders"));
        check.samples.iter().for_each(|sample| print::line(format!("     {sample}")));
    }
    let all = checks.len();
    if failed > 0 {
        return Err(Error::new(Kind::Check, format!("{failed} of {all} checks failed")));
    }
    print::line(format!("{all} checks passed"));
    Ok(())
}

/// `rejects replay` and `rejects discard`.
pub(super) async fn rejects(
    workspace: &Workspace,
    source: Option<&str>,
    what: Rejects,
) -> Result<()> {
    let id = run_id(workspace.clock);
    let settled = settle_rejects(workspace, source, what, &id).await?;
    if settled.is_empty() {
        print::line("no rejects are kept");
    }
    for one in settled {
        let (loaded, rejected) = (one.loaded, one.rejected);
        let what = match what {
            Rejects::Replay => format!("{loaded} rows loaded, {rejected} stay rejected"),
            Rejects::Discard => format!("{rejected} rows given up"),
        };
        print::line(format!("{}/{}: {what}", one.source, one.export));
    }
    Ok(())
}
