//! One run from beginning to end: probe, leases, plan, execution.

use std::collections::BTreeSet;

use super::execute::{Outcome, Progress, execute};
use super::leases::Leases;
use super::plan::{Request, choose, plan};
use super::workspace::Workspace;
use crate::error::{Error, Kind, Result};
use crate::store::{Depth, probe};
use crate::tableset::TableSet;

/// Rounds of racing updates before the first head is put.
const FIRST_USE_ROUNDS: usize = 3;

/// Which run it is.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Its id.
    pub id: &'a str,
    /// The slot of the schedule that it is run for.
    pub slot: Option<&'a str>,
    /// The run that it is to make good.
    pub retries: Option<&'a str>,
}

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
    let result = async {
        let plan = tokio::select! {
            plan = plan(workspace, request) => plan?,
            error = leases.lost() => return Err(error),
            signal = workspace.stop.told() => return Err(interrupted(signal)),
        };
        execute(workspace, plan, run, &leases, progress).await
    };
    let result = result.await;
    let given_back = leases.give_back().await;
    let outcome = result?;
    given_back?;
    Ok(outcome)
}

/// The error of a run that was told to stop.
pub(super) fn interrupted(signal: i32) -> Error {
    Error::new(Kind::Interrupted(signal), "interrupted; nothing is half done")
}

/// Refuses a store that does not honour what heads rest on.
async fn check_store(set: &TableSet, run: &str) -> Result<()> {
    if set.place().local {
        return Ok(());
    }
    let depth = match set.head().await? {
        None => Depth::Race(FIRST_USE_ROUNDS),
        Some(_) => Depth::Conditions,
    };
    probe(set.place(), run, depth).await
}
