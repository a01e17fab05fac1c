//! One run from beginning to end: probe, leases, plan, execution.

use std::collections::BTreeSet;

use super::claim::{Claim, Run};
use super::ending::Ending;
use super::execute::{Outcome, Progress, blank, execute, only_check};
use super::leases::Leases;
use super::plan::{Request, choose, plan_models, plan_run};
use super::record::now;
use super::workspace::Workspace;
use crate::check::Checked;
use crate::error::{Error, Kind, Result};
use crate::lake::{RunRecord, RunState, write_record};
use crate::store::{Depth, probe};
use crate::tableset::TableSet;

/// Rounds of racing updates before the first head is put; `doctor` asks for more.
const FIRST_USE_ROUNDS: usize = 1;

/// Does what `request` asks for as `run`.
///
/// # Errors
/// Whatever stopped it; where it had begun, its record says it too.
pub async fn perform(
    workspace: &Workspace,
    request: &Request,
    run: &Run<'_>,
    progress: Progress<'_>,
) -> Result<Outcome> {
    let _awaited = workspace.stop.under_way();
    let chosen = choose(&workspace.project.pipelines, &request.pipelines)?;
    let to: BTreeSet<&str> = chosen
        .iter()
        .flat_map(|pipeline| pipeline.publish.iter().map(|publish| publish.to.as_str()))
        .collect();
    check_store(workspace.lake.set(), run.id).await?;
    for destination in to {
        check_store(&workspace.destination(destination)?, run.id).await?;
    }
    let names: BTreeSet<&str> = chosen.iter().map(|pipeline| pipeline.name.as_str()).collect();
    let leases = Leases::take(workspace, &names, run.id).await?;
    let ending = Ending::new(&workspace.stop, &leases).within(&chosen);
    let result = async {
        if let Some(claim) = run.claim {
            claim.enter(workspace, run.id).await?;
        }
        let plan = tokio::select! {
            plan = plan_run(workspace, request) => plan,
            error = ending.comes() => Err(error),
        };
        match (plan, run.claim) {
            (Ok(plan), _) => execute(workspace, plan, run, &ending, progress).await,
            (Err(error), None) => Err(error),
            (Err(error), Some(claim)) => {
                // A slot whose planning was interrupted stays claimed, and is run again.
                if !matches!(error.kind, Kind::Interrupted(_)) {
                    record_unplanned(workspace, request, run, &error).await?;
                }
                claim.settle(workspace, run.id, Err(error)).await
            }
        }
    };
    let result = result.await;
    let given_back = leases.give_back().await;
    let outcome = result?;
    given_back?;
    Ok(outcome)
}

/// Puts a slot's run that failed before it had a plan on record, so that it can be retried.
async fn record_unplanned(
    workspace: &Workspace,
    request: &Request,
    run: &Run<'_>,
    error: &Error,
) -> Result<()> {
    let as_of = workspace.as_of(request.as_of);
    let record = RunRecord {
        state: RunState::Failed,
        quarter: request.keep.clone(),
        slot: run.claim.map(Claim::name),
        retries: run.retries.map(str::to_owned),
        ended_at: Some(now(workspace)),
        error: Some(workspace.project.redactor.clean(&error.message)),
        ..blank(workspace, run.id, request.pipelines.clone(), as_of)
    };
    write_record(&workspace.lake, &record).await
}

/// Runs the models that `request` needs on the lake as it is, and their checks; publishes nothing.
///
/// # Errors
/// Faults of SQL, pipelines that do not exist, a store that fails.
pub async fn run_checks(
    workspace: &Workspace,
    request: &Request,
    id: &str,
    progress: Progress<'_>,
) -> Result<Vec<Checked>> {
    let plan = plan_models(workspace, request).await?;
    only_check(workspace, plan, id, progress).await
}

/// Refuses a store that does not honour what heads rest on.
pub(super) async fn check_store(set: &TableSet, run: &str) -> Result<()> {
    if set.place().local {
        return Ok(());
    }
    let depth = match set.head().await? {
        None => Depth::Race(FIRST_USE_ROUNDS),
        Some(_) => Depth::Conditions,
    };
    probe(set.place(), run, depth).await
}
