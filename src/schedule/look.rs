//! One look at what is due: leave out, run, run again, until nothing is left to do.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use super::due::{Due, What, ahead, due};
use crate::config::pipeline::{MadeFor, Pipeline};
use crate::config::schedule::Schedule;
use crate::domain::calendar::{to_date, to_day};
use crate::error::{Kind, Result};
use crate::lake::{Journal, RunState, Slot, change, read_journal, read_lease, read_record};
use crate::run::{Claim, Event, Outcome, Progress, Request, Run, Workspace, perform};

/// Gives each run its id.
pub type Ids<'a> = &'a (dyn Fn() -> String + Send + Sync);

/// What a look did for one slot.
#[derive(Debug)]
pub struct Did {
    /// The pipeline.
    pub pipeline: String,
    /// The slot.
    pub due: DateTime<Utc>,
    /// What came of its run; `None` where the slot was left out.
    pub run: Option<Result<Outcome>>,
}

/// The scheduled pipelines.
fn scheduled(workspace: &Workspace) -> Vec<(&str, &Schedule)> {
    let pipelines = workspace.project.pipelines.iter();
    pipelines.filter_map(|one| Some((one.name.as_str(), one.schedule.as_ref()?))).collect()
}

/// Looks until nothing is due, or somebody wants it to stop.
///
/// # Errors
/// When the lake cannot be read or written; a run that fails is told in its place.
pub async fn look(workspace: &Workspace, ids: Ids<'_>, progress: Progress<'_>) -> Result<Vec<Did>> {
    let pipelines = scheduled(workspace);
    let here_since = workspace.clock.now();
    let mut did = Vec::new();
    // Pipelines that others are at, or that could not even begin: they wait for the next look.
    let mut waiting: BTreeSet<String> = BTreeSet::new();
    while workspace.stop.heard().is_none() {
        let (journals, live) = read(workspace, &pipelines).await?;
        let now = workspace.clock.now();
        for (pipeline, journal) in &journals {
            let Some(error) = ahead(pipeline, journal, now) else { continue };
            if waiting.insert(pipeline.clone()) {
                let due = journal.newest().map_or(now, |newest| newest.due);
                did.push(Did { pipeline: pipeline.clone(), due, run: Some(Err(error)) });
            }
        }
        let found = due(&pipelines, &journals, &live, here_since, now);
        let Some(first) = found.iter().find(|due| !waiting.contains(due.pipeline)) else { break };
        let pipeline = first.pipeline.to_owned();
        match act(workspace, first, ids, progress).await? {
            Some(done) => {
                // It may not even have claimed its slot: the next look tries again.
                if let Some(Err(_)) = &done.run {
                    waiting.insert(pipeline);
                }
                did.push(done);
            }
            None => {
                waiting.insert(pipeline);
            }
        }
    }
    Ok(did)
}

/// What a look would begin with, in words, one line for each pipeline; nothing is changed.
///
/// # Errors
/// When the lake cannot be read.
pub async fn would(workspace: &Workspace) -> Result<Vec<String>> {
    let pipelines = scheduled(workspace);
    let (journals, live) = read(workspace, &pipelines).await?;
    let now = workspace.clock.now();
    let found = due(&pipelines, &journals, &live, now, now);
    let told = found.iter().map(|one| match &one.what {
        What::LeaveOut(slot) => {
            let why = slot.why.as_deref().unwrap_or_default();
            format!("{}  would be left out: {why}", shown(one.pipeline, slot.due))
        }
        What::Run(slot) => format!("{}  would be run", shown(one.pipeline, slot.due)),
        What::Again { due, lost } => {
            format!("{}  would be run again: {lost} was lost", shown(one.pipeline, *due))
        }
    });
    let ahead = journals.iter().filter_map(|(name, journal)| ahead(name, journal, now));
    Ok(told.chain(ahead.map(|error| error.message)).collect())
}

/// The journals of `pipelines`, and the runs in them whose lease has not run out.
async fn read(
    workspace: &Workspace,
    pipelines: &[(&str, &Schedule)],
) -> Result<(BTreeMap<String, Journal>, BTreeSet<String>)> {
    let (mut journals, mut live) = (BTreeMap::new(), BTreeSet::new());
    for (pipeline, _) in pipelines {
        let journal = read_journal(&workspace.lake, pipeline).await?;
        if let Some(run) = journal.open().and_then(|open| open.run.clone()) {
            let lease = read_lease(&workspace.lake, pipeline).await?;
            if lease
                .is_some_and(|lease| lease.run == run && lease.is_live(workspace.lease_clock.now()))
            {
                live.insert(run);
            }
        }
        journals.insert((*pipeline).to_owned(), journal);
    }
    Ok((journals, live))
}

/// Does one thing; `None` where the pipeline has to wait.
async fn act(
    workspace: &Workspace,
    what: &Due<'_>,
    ids: Ids<'_>,
    progress: Progress<'_>,
) -> Result<Option<Did>> {
    let pipeline = what.pipeline;
    let (due, claim) = match &what.what {
        What::LeaveOut(slot) => {
            let entered = |journal: &mut Journal| journal.leave_out(slot.clone());
            change(&workspace.lake, pipeline, entered).await?;
            let why = slot.why.as_deref().unwrap_or_default();
            progress(Event::Note(format!("{}: left out: {why}", shown(pipeline, slot.due))));
            return Ok(Some(Did { pipeline: pipeline.to_owned(), due: slot.due, run: None }));
        }
        What::Run(slot) => (slot.due, Claim { pipeline, slot: slot.clone(), from: None }),
        What::Again { due, lost } => {
            if is_done(workspace, lost).await? {
                let now = workspace.clock.now();
                let settled = |journal: &mut Journal| journal.settle(*due, lost, now, None);
                change(&workspace.lake, pipeline, settled).await?;
                return Ok(Some(Did { pipeline: pipeline.to_owned(), due: *due, run: None }));
            }
            let from = Some(lost.clone());
            (*due, Claim { pipeline, slot: Slot::at(*due), from })
        }
    };
    let Some(declared) = workspace.project.pipelines.iter().find(|one| one.name == pipeline) else {
        return Ok(None);
    };
    let request = request(workspace, declared, due)?;
    let id = ids();
    progress(Event::Note(format!("{}: run {id}", shown(pipeline, due))));
    let run = Run { id: &id, claim: Some(&claim), retries: None };
    match perform(workspace, &request, &run, progress).await {
        // Others hold the lease, or were faster with the slot.
        Err(error) if error.kind == Kind::Superseded => {
            progress(Event::Note(format!("{}: {}", shown(pipeline, due), error.message)));
            Ok(None)
        }
        result => Ok(Some(Did { pipeline: pipeline.to_owned(), due, run: Some(result) })),
    }
}

fn shown(pipeline: &str, due: DateTime<Utc>) -> String {
    format!("{pipeline} {}", due.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Whether the run ended well, and only the journal does not know yet.
async fn is_done(workspace: &Workspace, run: &str) -> Result<bool> {
    match read_record(&workspace.lake, run).await {
        Ok(record) => Ok(matches!(record.state, RunState::Done | RunState::UpToDate)),
        Err(error) if error.kind == Kind::Nothing => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a slot of `pipeline` asks for: the day before it, or the last quarter closed by then.
fn request(workspace: &Workspace, pipeline: &Pipeline, due: DateTime<Utc>) -> Result<Request> {
    let project = &workspace.project;
    let request = Request { pipelines: vec![pipeline.name.clone()], ..Request::default() };
    let day = due.with_timezone(&project.timezone).date_naive();
    match pipeline.made_for {
        MadeFor::Day => {
            let before: Option<NaiveDate> = day.pred_opt();
            Ok(Request { as_of: project.as_of.or(before), ..request })
        }
        MadeFor::Quarter => {
            let settings = &project.settings;
            let settled = to_day(day) - settings.settle_days;
            let fiscal = settings.fiscal;
            let end = match fiscal.quarter_end(settled) {
                end if end <= settled => end,
                _ => fiscal.quarter_start(settled) - 1,
            };
            debug_assert!(to_date(end) < day);
            request.for_quarter(workspace, &fiscal.quarter(end), true)
        }
    }
}
